/// One instruction of a rule. Values travel through 4-byte registers, numbered from 0 here; a register holds network-order
/// bytes and a longer value fills the following ones.
package struct NFExpression: Sendable, Hashable {
    package enum Comparison: UInt32, Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }
    package enum PayloadBase: UInt32, Sendable { case link, network, transport }
    package enum MetaKey: UInt32, Sendable {
        case mark = 3
        case inputInterface = 4
        case outputInterface = 5
        case inputName = 6
        case outputName = 7
        case protocolFamily = 15
        case transportProtocol = 16
    }
    package enum ConnectionKey: UInt32, Sendable { case state, direction, status, mark }

    /// Where a rule sends its packet.
    package enum Verdict: Sendable, Hashable {
        case accept, drop, `return`
        case jump(String)
        case goto(String)
    }

    package let name: String
    package let payload: NetlinkPayload

    init(_ name: String, _ fill: (inout NetlinkPayload) -> Void) {
        var payload = NetlinkPayload()
        fill(&payload)
        self.name = name
        self.payload = payload
    }

    /// Loads `length` bytes of the packet.
    package static func payload(_ base: PayloadBase, offset: UInt32, length: UInt32, into register: UInt32 = 0) -> NFExpression {
        NFExpression("payload") { payload in
            payload.attribute(1, bigEndian: register + 8)
            payload.attribute(2, bigEndian: base.rawValue)
            payload.attribute(3, bigEndian: offset)
            payload.attribute(4, bigEndian: length)
        }
    }

    /// Loads the IPv4 source address.
    package static func sourceAddress(into register: UInt32 = 0) -> NFExpression {
        payload(.network, offset: 12, length: 4, into: register)
    }

    /// Loads the IPv4 destination address.
    package static func destinationAddress(into register: UInt32 = 0) -> NFExpression {
        payload(.network, offset: 16, length: 4, into: register)
    }

    /// Loads the destination port of TCP, UDP or SCTP.
    package static func destinationPort(into register: UInt32 = 0) -> NFExpression {
        payload(.transport, offset: 2, length: 2, into: register)
    }

    /// Loads what the kernel knows about the packet.
    package static func meta(_ key: MetaKey, into register: UInt32 = 0) -> NFExpression {
        NFExpression("meta") { payload in
            payload.attribute(1, bigEndian: register + 8)
            payload.attribute(2, bigEndian: key.rawValue)
        }
    }

    /// Sets the packet's mark from a register.
    package static func setMark(from register: UInt32 = 0) -> NFExpression {
        NFExpression("meta") { payload in
            payload.attribute(2, bigEndian: MetaKey.mark.rawValue)
            payload.attribute(3, bigEndian: register + 8)
        }
    }

    /// Loads what connection tracking knows.
    package static func connection(_ key: ConnectionKey, into register: UInt32 = 0) -> NFExpression {
        NFExpression("ct") { payload in
            payload.attribute(1, bigEndian: register + 8)
            payload.attribute(2, bigEndian: key.rawValue)
        }
    }

    /// Goes on only when the comparison holds; a shorter `value` compares a prefix.
    package static func compare(_ comparison: Comparison, _ value: [UInt8], register: UInt32 = 0) -> NFExpression {
        NFExpression("cmp") { payload in
            payload.attribute(1, bigEndian: register + 8)
            payload.attribute(2, bigEndian: comparison.rawValue)
            payload.nested(3) { $0.attribute(1, value) }
        }
    }

    /// `register = register & mask ^ xor`.
    package static func bitwise(mask: [UInt8], xor: [UInt8], register: UInt32 = 0) -> NFExpression {
        NFExpression("bitwise") { payload in
            payload.attribute(1, bigEndian: register + 8)
            payload.attribute(2, bigEndian: register + 8)
            payload.attribute(3, bigEndian: UInt32(mask.count))
            payload.nested(4) { $0.attribute(1, mask) }
            payload.nested(5) { $0.attribute(1, xor) }
        }
    }

    /// Loads a constant.
    package static func immediate(_ value: [UInt8], into register: UInt32 = 0) -> NFExpression {
        NFExpression("immediate") { payload in
            payload.attribute(1, bigEndian: register + 8)
            payload.nested(2) { $0.attribute(1, value) }
        }
    }

    /// Ends the rule.
    package static func verdict(_ verdict: Verdict) -> NFExpression {
        NFExpression("immediate") { payload in
            payload.attribute(1, bigEndian: UInt32(0))
            payload.nested(2) { $0.nested(2) { verdict.encode(into: &$0) } }
        }
    }

    /// Goes on only when the register's value is in the set.
    package static func lookup(_ set: String, id: UInt32? = nil, register: UInt32 = 0) -> NFExpression {
        lookup(set, id: id, register: register, destination: nil)
    }

    /// Replaces the register's value by what the map holds for it; ends the rule when it holds nothing.
    package static func map(_ map: String, id: UInt32? = nil, register: UInt32 = 0, into destination: UInt32 = 0) -> NFExpression {
        lookup(map, id: id, register: register, destination: destination + 8)
    }

    /// Goes where the verdict map says.
    package static func verdictMap(_ map: String, register: UInt32 = 0) -> NFExpression {
        lookup(map, id: nil, register: register, destination: 0)
    }

    private static func lookup(_ set: String, id: UInt32?, register: UInt32, destination: UInt32?) -> NFExpression {
        NFExpression("lookup") { payload in
            payload.attribute(1, set)
            payload.attribute(2, bigEndian: register + 8)
            if let destination { payload.attribute(3, bigEndian: destination) }
            if let id { payload.attribute(4, bigEndian: id) }
        }
    }

    /// Puts the pair of a key and a value, each in registers, into a map that forgets what is not put again for a while.
    package static func update(_ map: String, key register: UInt32, value: UInt32) -> NFExpression {
        NFExpression("dynset") { payload in
            payload.attribute(1, map)
            payload.attribute(3, bigEndian: UInt32(1))
            payload.attribute(4, bigEndian: register + 8)
            payload.attribute(5, bigEndian: value + 8)
        }
    }

    /// A number from 0 up to but not including `modulus`.
    package static func randomNumber(below modulus: UInt32, into register: UInt32 = 0) -> NFExpression {
        NFExpression("numgen") { payload in
            payload.attribute(1, bigEndian: register + 8)
            payload.attribute(2, bigEndian: modulus)
            payload.attribute(3, bigEndian: UInt32(1))
            payload.attribute(4, bigEndian: UInt32(0))
        }
    }

    /// Loads the type of the destination address (2 is local), as a number in the machine's order.
    package static func destinationType(into register: UInt32 = 0) -> NFExpression {
        NFExpression("fib") { payload in
            payload.attribute(1, bigEndian: register + 8)
            payload.attribute(2, bigEndian: UInt32(3))
            payload.attribute(3, bigEndian: UInt32(2))
        }
    }

    /// Redirects the connection to the address in one register and the port in another.
    package static func destinationNAT(address register: UInt32, port: UInt32) -> NFExpression {
        NFExpression("nat") { payload in
            payload.attribute(1, bigEndian: UInt32(1))
            payload.attribute(2, bigEndian: UInt32(2))
            payload.attribute(3, bigEndian: register + 8)
            payload.attribute(5, bigEndian: port + 8)
        }
    }

    /// Makes the connection seem to come from the outgoing interface, at an unpredictable port.
    package static func masquerade() -> NFExpression {
        NFExpression("masq") { $0.attribute(1, bigEndian: UInt32(16)) }
    }

    /// Answers that nobody is there: ICMP port unreachable.
    package static func reject() -> NFExpression {
        NFExpression("reject") { payload in
            payload.attribute(1, bigEndian: UInt32(0))
            payload.attribute(2, [3])
        }
    }

    /// Answers a packet of TCP, as the rule has made sure that it is one, that nobody is there: a reset, which unlike ICMP is never held back.
    package static func resetConnection() -> NFExpression {
        NFExpression("reject") { $0.attribute(1, bigEndian: UInt32(1)) }
    }

    /// Counts packets and bytes.
    package static func counter() -> NFExpression {
        NFExpression("counter") { payload in
            payload.attribute(1, bigEndian: UInt64(0))
            payload.attribute(2, bigEndian: UInt64(0))
        }
    }
}

extension NFExpression.Verdict {
    func encode(into payload: inout NetlinkPayload) {
        let (code, chain): (Int32, String?) =
            switch self {
            case .drop: (0, nil)
            case .accept: (1, nil)
            case .jump(let chain): (-3, chain)
            case .goto(let chain): (-4, chain)
            case .return: (-5, nil)
            }
        payload.attribute(1, bigEndian: code)
        if let chain { payload.attribute(2, chain) }
    }
}

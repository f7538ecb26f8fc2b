/// A set that rules fill themselves: each element goes after a time, and counts the packets that renewed it.
package struct NFTimedSet: Sendable, Hashable {
    package let table: NFTable
    package let name: String
    package let keyLength: UInt32
    /// How many elements it holds; what comes when it is full is not noted.
    package let size: UInt32
    /// How long an element stays after it was last renewed.
    package let timeoutMilliseconds: UInt64
    /// Distinguishes the sets made in one transaction; any number used once in it.
    package let id: UInt32

    package init(in table: NFTable, _ name: String, keyLength: UInt32, size: UInt32, timeoutMilliseconds: UInt64, id: UInt32) {
        self.table = table
        self.name = name
        self.keyLength = keyLength
        self.size = size
        self.timeoutMilliseconds = timeoutMilliseconds
        self.id = id
    }

    /// Makes the set.
    package func create() -> NetlinkMessage {
        table.message("NFT_MSG_NEWSET \(name)", 9, NetlinkMessage.create) { payload in
            payload.attribute(1, table.name)
            payload.attribute(2, name)
            payload.attribute(3, bigEndian: UInt32(0x30))  // NFT_SET_TIMEOUT | NFT_SET_EVAL
            payload.attribute(4, bigEndian: UInt32(0))
            payload.attribute(5, bigEndian: keyLength)
            payload.nested(9) { $0.attribute(1, bigEndian: size) }
            payload.attribute(10, bigEndian: id)
            payload.attribute(11, bigEndian: timeoutMilliseconds)
        }
    }

    /// The instruction that notes the registers' value, or renews it and counts. Ends the rule when the set is full.
    package func note(register: UInt32 = 0) -> NFExpression {
        NFExpression("dynset") { payload in
            payload.attribute(1, name)
            payload.attribute(2, bigEndian: id)
            payload.attribute(3, bigEndian: UInt32(1))  // NFT_DYNSET_OP_UPDATE
            payload.attribute(4, bigEndian: register + 8)
            payload.attribute(6, bigEndian: timeoutMilliseconds)
            payload.nested(7) { expression in
                let counter = NFExpression.counter()
                expression.attribute(1, counter.name)
                expression.nested(2) { $0 = counter.payload }
            }
        }
    }

    /// One element.
    package struct Element: Sendable, Hashable {
        package let key: [UInt8]
        package let packets: UInt64
        package let bytes: UInt64
        /// How long ago it was renewed.
        package let millisecondsAgo: UInt64
    }
}

extension NetlinkSocket {
    /// What a set holds at the moment.
    package func elements(of set: NFTimedSet) throws(SystemError) -> [NFTimedSet.Element] {
        try elements(of: set.name, in: set.table).compactMap { Self.element($0, set) }
    }

    private static func element(_ attributes: NetlinkAttributes, _ set: NFTimedSet) -> NFTimedSet.Element? {
        guard let key = attributes.nested(1)?[1], key.count == Int(set.keyLength) else { return nil }
        // One expression alone is told by itself, several as a list.
        let expression = attributes.nested(7) ?? attributes.nested(11)?.nested(1)
        let counter = expression?.nested(2)
        let left = attributes.bigEndian(5, UInt64.self) ?? 0
        return NFTimedSet.Element(
            key: Array(key), packets: counter?.bigEndian(2) ?? 0, bytes: counter?.bigEndian(1) ?? 0,
            millisecondsAgo: set.timeoutMilliseconds > left ? set.timeoutMilliseconds - left : 0)
    }
}

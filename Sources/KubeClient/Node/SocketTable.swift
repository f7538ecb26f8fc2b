/// Sockets from the tables of /proc/PID/net.
package enum SocketTable {
    /// A line of a table with the socket's inode.
    package struct Line: Sendable, Hashable {
        /// The socket, without who has it open.
        package var socket: ContainerSocket
        /// Its inode, by which processes name it.
        package var inode: UInt64
    }

    /// The sockets of these lines, those that listen first, with who has them open by inode. Unix sockets of nobody here are left out.
    package static func sockets(_ lines: [Line], owners: [UInt64: ContainerProcess]) -> ContainerSockets {
        let sockets = lines.filter { $0.socket.protocol != "unix" || owners[$0.inode] != nil }.map { line in
            var socket = line.socket
            if let owner = owners[line.inode] {
                socket.pid = owner.pid
                socket.program = String(owner.command.prefix { $0 != " " })
            }
            return socket
        }
        let sorted = sockets.sorted {
            ($0.state == "LISTEN" ? 0 : 1, $0.protocol, $0.local, $0.remote) < ($1.state == "LISTEN" ? 0 : 1, $1.protocol, $1.local, $1.remote)
        }
        return ContainerSockets(sockets: Array(sorted.prefix(ContainerSockets.maximumCount)), isCut: sorted.count > ContainerSockets.maximumCount)
    }

    /// A table of tcp or udp sockets; broken lines are left out.
    package static func internet(_ name: String, _ text: String) -> [Line] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count > 9, let local = address(fields[1]), let remote = address(fields[2]), let inode = UInt64(fields[9]),
                let number = UInt8(fields[3], radix: 16)
            else { return nil }
            let isTCP = name.hasPrefix("tcp")
            let state = isTCP ? states[number] ?? "" : number == 1 ? "ESTABLISHED" : ""
            let socket = ContainerSocket(
                protocol: name, local: local.text, remote: remote.isNone ? "" : remote.text, state: state, pid: nil, program: "")
            return Line(socket: socket, inode: inode)
        }
    }

    /// The table of unix sockets.
    package static func unix(_ text: String) -> [Line] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
            guard fields.count > 6, let inode = UInt64(fields[6]) else { return nil }
            let isListening = UInt32(fields[3], radix: 16).map { $0 & 0x10000 != 0 } ?? false
            let path = fields.count > 7 ? FilePath(bytes: fields[7].utf8).description : ""
            let state = isListening ? "LISTEN" : fields[5] == "03" ? "ESTABLISHED" : ""
            return Line(socket: ContainerSocket(protocol: "unix", local: path, remote: "", state: state, pid: nil, program: ""), inode: inode)
        }
    }

    private static let states: [UInt8: String] = [
        1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT", 7: "CLOSE", 8: "CLOSE_WAIT", 9: "LAST_ACK",
        10: "LISTEN", 11: "CLOSING", 12: "NEW_SYN_RECV",
    ]

    /// `0100007F:1F90`, four bytes at a time in the machine's order.
    private static func address(_ text: Substring) -> (text: String, isNone: Bool)? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1], radix: 16), [8, 32].contains(parts[0].utf8.count) else { return nil }
        var bytes: [UInt8] = []
        var rest = parts[0]
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            withUnsafeBytes(of: word) { bytes += $0 }
            rest = rest.dropFirst(8)
        }
        let isNone = port == 0 && bytes.allSatisfy { $0 == 0 }
        if bytes.count == 4 { return ("\(bytes.map { "\($0)" }.joined(separator: ".")):\(port)", isNone) }
        return ("[\(version6(bytes))]:\(port)", isNone)
    }

    /// RFC 5952: the longest run of two or more zero groups is left out.
    private static func version6(_ bytes: [UInt8]) -> String {
        let mapped = Array(repeating: UInt8(0), count: 10) + [0xff, 0xff]
        if Array(bytes.prefix(12)) == mapped { return "::ffff:\(bytes.suffix(4).map { "\($0)" }.joined(separator: "."))" }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > best.count, end - start > 1 { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? text(groups[...]) : "\(text(groups[..<best.lowerBound]))::\(text(groups[best.upperBound...]))"
    }
}

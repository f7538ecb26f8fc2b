import KubeClient
import LinuxKernel

/// Reads what ``ContainerScript`` writes. Whatever is broken is left out.
enum ExecAnswer {
    /// More processes are not asked for: each costs a program in the container.
    static let maximumProcesses = 1000
    /// USER_HZ of every architecture that containers run on.
    private static let ticksPerSecond: UInt64 = 100

    private static let space = UInt8(ascii: " ")

    // MARK: - Files

    /// The files of a listing.
    static func files(_ output: [UInt8]) -> [ContainerFile] {
        let split = output.firstIndex(of: 0) ?? output.endIndex
        let links = links(output[split...].dropFirst())
        return records(output[..<split]).compactMap { record in
            let fields = record.split(separator: space, maxSplits: 7, omittingEmptySubsequences: false)
            guard fields.count == 8, let name = name(fields[7]) else { return nil }
            var file = file(fields.prefix(7).map { $0 }, name: name)
            if file?.kind == .link { file?.link = links[name] }
            return file
        }
    }

    /// Cuts at `//` with a line feed.
    private static func records(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var found: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = start
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "\n"), index - start >= 2, bytes[index - 1] == UInt8(ascii: "/"), bytes[index - 2] == UInt8(ascii: "/") {
                found.append(bytes[start..<(index - 2)])
                start = index + 1
            }
            index += 1
        }
        return found
    }

    private static func links(_ bytes: ArraySlice<UInt8>) -> [FilePath: FilePath] {
        var links: [FilePath: FilePath] = [:]
        let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
        for pair in stride(from: 0, to: parts.count - 1, by: 2) {
            guard let name = name(parts[pair]), parts[pair + 1].last == UInt8(ascii: "\n") else { continue }
            links[name] = FilePath(bytes: parts[pair + 1].dropLast())
        }
        return links
    }

    /// A name after `./`; nil for what could lead anywhere else.
    private static func name(_ bytes: ArraySlice<UInt8>) -> FilePath? {
        guard bytes.starts(with: "./".utf8) else { return nil }
        let name = bytes.dropFirst(2)
        guard !name.isEmpty, name.count < 256, !name.contains(UInt8(ascii: "/")), !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else {
            return nil
        }
        return FilePath(bytes: name)
    }

    /// A file from the line about it; nil when it is none.
    static func file(_ line: ArraySlice<UInt8>, name: FilePath) -> ContainerFile? {
        let fields = line.split(separator: space)
        return fields.count == 7 ? file(fields, name: name) : nil
    }

    private static func file(_ fields: [ArraySlice<UInt8>], name: FilePath) -> ContainerFile? {
        let words = fields.map { String(decoding: $0, as: UTF8.self) }
        guard let raw = Int64(words[0], radix: 16), let size = Int64(words[1]), let owner = Int64(words[2]), let group = Int64(words[3]),
            let modified = Int64(words[4]), size >= 0
        else { return nil }
        let kind = kind(raw)
        return ContainerFile(
            name: name, kind: kind, size: ByteCount(kind == .file ? size : 0), mode: raw & 0o7777, owner: owner, group: group,
            modified: Timestamp(seconds: min(max(modified, -62_135_596_800), 253_402_300_799)), version: "\(words[6])-\(words[1])-\(words[4])-\(words[5])")
    }

    private static func kind(_ raw: Int64) -> ContainerFile.Kind {
        switch raw & 0o170000 {
        case 0o040000: .directory
        case 0o100000: .file
        case 0o120000: .link
        case 0o010000: .pipe
        case 0o140000: .socket
        case 0o020000: .character
        case 0o060000: .block
        default: .unknown
        }
    }

    // MARK: - Processes

    /// The processes; nil when the answer is none. Those that told of them are left out.
    static func processes(_ output: [UInt8], mark: String) -> ContainerProcesses? {
        let parts = output.split(separator: Array(mark.utf8), omittingEmptySubsequences: false)
        guard parts.count > 5, let own = Int32(line(parts[0])) else { return nil }
        let users = users(text(parts[1]))
        let names = ProcessFacts.names(passwd: text(parts[2]))
        let boot = Int64(line(parts[3])) ?? 0
        let page = min(max(Int64(line(parts[4])) ?? 4096, 1), 1 << 20)
        let told = parts.dropFirst(5).dropLast()
        let processes = told.compactMap { process($0, users, names, boot: boot, page: page) }
        return ContainerProcesses(
            processes: processes.filter { $0.pid != own && $0.parent != own }.sorted { $0.pid < $1.pid }, isCut: told.count >= maximumProcesses)
    }

    private static func process(_ part: ArraySlice<UInt8>, _ users: [Int32: UInt32], _ names: [UInt32: String], boot: Int64, page: Int64) -> ContainerProcess? {
        let lines = part.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, let pid = Int32(line(lines[0])), pid > 0, let facts = ProcessFacts(stat: text(lines[1])) else { return nil }
        let command = lines[2].prefix(4096).split(separator: 0).map { FilePath(bytes: $0).description }.joined(separator: " ")
        let (seconds, rest) = facts.started.quotientAndRemainder(dividingBy: ticksPerSecond)
        let user = users[pid].map { names[$0] ?? "\($0)" } ?? "?"
        return ContainerProcess(
            pid: pid, parent: facts.parent, user: user, state: facts.state,
            cpuMilliseconds: facts.ticks.multipliedReportingOverflow(by: 10).partialValue,
            resident: ByteCount(max(0, facts.residentPages).multipliedReportingOverflow(by: page).partialValue), threads: facts.threads,
            startedAt: Timestamp(seconds: boot &+ Int64(clamping: min(seconds, 1 << 40)), nanoseconds: Int32(rest) * 10_000_000), startedTicks: facts.started,
            command: command.isEmpty ? "[\(FilePath(bytes: facts.name.utf8))]" : command)
    }

    /// Lines of a number and `/proc/PID`.
    private static func users(_ text: String) -> [Int32: UInt32] {
        var users: [Int32: UInt32] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let user = UInt32(words[0]), let pid = Int32(words[1].split(separator: "/").last ?? "") else { continue }
            users[pid] = user
        }
        return users
    }

    // MARK: - Sockets

    /// The sockets, with those of `processes` that have them open.
    static func sockets(_ output: [UInt8], mark: String, _ processes: [ContainerProcess]) -> ContainerSockets {
        let parts = output.split(separator: Array(mark.utf8), omittingEmptySubsequences: false)
        var lines: [SocketTable.Line] = []
        for (name, part) in zip(["tcp", "tcp6", "udp", "udp6"], parts) { lines += SocketTable.internet(name, text(part)) }
        if parts.count > 4 { lines += SocketTable.unix(text(parts[4])) }
        let byNumber = Dictionary(processes.map { ($0.pid, $0) }, uniquingKeysWith: { first, _ in first })
        var owners: [UInt64: ContainerProcess] = [:]
        for (inode, pid) in parts.count > 5 ? opened(text(parts[5])) : [:] { owners[inode] = byNumber[pid] }
        return SocketTable.sockets(lines, owners: owners)
    }

    /// `/proc/7/fd:` and then `… 3 -> socket:[4711]`, as ls lists them: which process has which socket.
    private static func opened(_ text: String) -> [UInt64: Int32] {
        var opened: [UInt64: Int32] = [:]
        var pid: Int32?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("/proc/"), line.hasSuffix("/fd:") {
                pid = Int32(line.dropFirst(6).dropLast(4))
            } else if let pid, line.hasSuffix("]"), let start = line.firstRange(of: " -> socket:[") {
                if let inode = UInt64(line[start.upperBound...].dropLast()), opened[inode] == nil { opened[inode] = pid }
            }
        }
        return opened
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The first line.
    private static func line(_ bytes: ArraySlice<UInt8>) -> String { text(bytes.prefix { $0 != UInt8(ascii: "\n") }) }
}

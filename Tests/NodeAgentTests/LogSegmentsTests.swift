import Glibc
import KubeClient
import LinuxKernel
import Testing

@testable import NodeAgent

@Suite struct LogSegmentsTests {
    private static func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        try FileSystem.makeDirectories(directory)
        defer { try? FileSystem.removeTree(directory) }  // best effort: it is under /tmp
        try body(directory)
    }

    private static func write(_ text: String, to path: String) throws {
        try FileSystem.writeAtomically(path, Array(text.utf8))
    }

    /// Everything there is to read now.
    private static func read(_ segments: inout LogSegments) throws -> String {
        var text: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let got = try segments.read(into: buffer)
            if got == 0 { return String(decoding: text, as: UTF8.self) }
            text += buffer[..<got]
            segments.offset += Int64(got)
        }
    }

    @Test func `a follower reads on over rotations and holds only what it has not read`() throws {
        try Self.withDirectory { directory in
            try Self.write("0,", to: "\(directory)/3.log")
            var segments = try LogSegments(directory: directory, attempt: 3)
            var text = try Self.read(&segments)
            #expect(text == "0,")
            for round in 1...20 {
                // Two rotations between two looks.
                for part in ["a", "b"] {
                    for number in [2, 1] { rename("\(directory)/3.log.\(number)", "\(directory)/3.log.\(number + 1)") }
                    rename("\(directory)/3.log", "\(directory)/3.log.1")
                    try Self.write("\(round)\(part),", to: "\(directory)/3.log")
                }
                text = try Self.read(&segments)
                #expect(text == "\(round)a,\(round)b,")
                let held = segments.count
                #expect(held == 1, "a rotated file that stays open takes room on the disk")
            }
        }
    }

    /// While files are moved one name is free.
    @Test(arguments: [["", ".1", ".2"], [".1", ".2", ".3"], ["", ".2", ".3"], ["", ".1", ".3"]])
    func `a rotation under way hides nothing`(suffixes: [String]) throws {
        try Self.withDirectory { directory in
            for (number, suffix) in suffixes.enumerated() { try Self.write("\(number)", to: "\(directory)/0.log\(suffix)") }
            var segments = try LogSegments(directory: directory, attempt: 0)
            let text = try Self.read(&segments)
            #expect(text == "210")
        }
    }

    @Test(arguments: ["pipe", "socket", "link", "folder"])
    func `what is planted in a log's place is no log, is not waited for, and is named`(kind: String) throws {
        try Self.withDirectory { directory in
            try Self.write("secret", to: "\(directory)/outside")
            var sockets: [CInt] = []
            defer { for socket in sockets { close(socket) } }
            for name in ["0.log", "1.log.1"] {
                switch kind {
                case "pipe": #expect(mkfifo("\(directory)/\(name)", 0o600) == 0)
                case "socket": sockets.append(try UnixSocket.listen("\(directory)/\(name)", kind: .stream).release())
                case "link": #expect(symlink("outside", "\(directory)/\(name)") == 0)
                default: try FileSystem.makeDirectories("\(directory)/\(name)")
                }
            }
            let error = #expect(throws: SystemError.self) { _ = try LogSegments(directory: directory, attempt: 0) }
            #expect(error?.arguments == "\(directory)/0.log" && error?.detail.hasSuffix("remove it") == true, "\(error?.description ?? "")")
            try Self.write("kept", to: "\(directory)/1.log")
            var segments = try LogSegments(directory: directory, attempt: 1)
            let text = try Self.read(&segments)
            #expect(text == "kept")
        }
    }

    @Test(arguments: [1_000_000, (256 << 10) * 4 - 42, (256 << 10) * 8 - 42, 3_000_000], [true, false])
    func `a line without an end is passed over and not kept in memory`(length: Int, isEnded: Bool) throws {
        try Self.withDirectory { directory in
            func record(_ text: String) -> String { Self.record("stdout", "F \(text)") }
            let planted = String(repeating: "x", count: length) + (isEnded ? "\n" : "")
            try Self.write(record("one") + planted + record("two") + record("three"), to: "\(directory)/0.log")
            let watcher = try FileWatcher()
            func read(last lines: Int?) throws -> [Substring] {
                let filter = LogFilter(form: .text(withTimestamps: false))
                let stream = try LogStream(
                    segments: try LogSegments(directory: directory, attempt: 0), filter: filter, tailLines: lines, follow: false, isLive: false,
                    watcher: watcher)
                var bytes: [UInt8] = []
                while case .bytes(let more) = stream.poll(maximum: 1000) { bytes += more }
                return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            }
            // Without an end of its own it swallows the record behind it. What could be a record is read as one.
            let isRecord = length < LogLine.maximumLength
            let rest: [Substring] = isEnded ? ["two", "three"] : ["three"]
            let all = try read(last: nil)
            #expect(all.first == "one" && all.suffix(rest.count) == rest[...])
            #expect(all.count == 1 + rest.count + (isRecord ? 1 : 0))
            #expect(try read(last: rest.count) == rest)
            #expect(try read(last: rest.count + (isRecord ? 2 : 1)) == all)
            #expect(try read(last: 100) == all)
        }
    }

    private static func record(_ stream: String, _ rest: String) -> String { "2026-03-01T10:00:00.000000000Z \(stream) \(rest)\n" }

    private static func read(_ directory: String, last lines: Int) throws -> String {
        let stream = try LogStream(
            segments: try LogSegments(directory: directory, attempt: 0), filter: LogFilter(form: .text(withTimestamps: false)), tailLines: lines,
            follow: false, isLive: false, watcher: try FileWatcher())
        var bytes: [UInt8] = []
        while case .bytes(let more) = stream.poll(maximum: 1000) { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a log that begins further on begins with a whole line, also where a file ends within one`() throws {
        try Self.withDirectory { directory in
            try Self.write(
                Self.record("stdout", "F one") + Self.record("stdout", "P tw") + Self.record("stderr", "P oo"), to: "\(directory)/0.log.1")
            try Self.write(
                Self.record("stdout", "F:at 1 100") + Self.record("stderr", "F ps") + Self.record("stderr", "F:gap 1 byte") + Self.record("stdout", "F o"),
                to: "\(directory)/0.log")
            #expect(try Self.read(directory, last: 1) == "two\n")
            #expect(try Self.read(directory, last: 2) == "twgap 1 byte\no\n")
            #expect(try Self.read(directory, last: 3) == "twoops\ngap 1 byte\no\n")
            #expect(try Self.read(directory, last: 4) == "one\ntwoops\ngap 1 byte\no\n")
            #expect(LogEnd.text(directory: directory, attempt: 0, lines: 1, bytes: 100) == "two\n")
        }
    }

    @Test(arguments: [LogSegments.reach - (1 << 20), LogSegments.reach + (1 << 20)])
    func `the first part of a line is looked for so far and no further`(distance: Int64) throws {
        try Self.withDirectory { directory in
            let line = Self.record("stdout", "F \(String(repeating: "x", count: 100_000))")
            let between = String(repeating: line, count: Int(distance) / line.utf8.count)
            try Self.write(Self.record("stderr", "P oo") + between + Self.record("stderr", "F ps"), to: "\(directory)/0.log")
            let last = distance < LogSegments.reach ? "oops\n" : "ps\n"
            #expect(try Self.read(directory, last: 1) == last)
            #expect(LogEnd.text(directory: directory, attempt: 0, lines: 1, bytes: 100) == last)
            #expect(LogEnd.text(directory: directory, attempt: 0, lines: 5, bytes: 8) == "xxxx\nps\n")
        }
    }
}

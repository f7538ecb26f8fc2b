import Glibc
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

    @Test func `a FIFO or a link in a log's place is no log and is not waited for`() throws {
        try Self.withDirectory { directory in
            try Self.write("secret", to: "\(directory)/outside")
            #expect(mkfifo("\(directory)/0.log", 0o600) == 0)
            #expect(symlink("outside", "\(directory)/0.log.1") == 0)
            let error = #expect(throws: SystemError.self) { _ = try LogSegments(directory: directory, attempt: 0) }
            #expect(error?.errno == ENOENT)
        }
    }
}

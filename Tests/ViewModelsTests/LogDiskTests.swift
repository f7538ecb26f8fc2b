import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct LogDiskTests {
    private static let start = Timestamp(rfc3339: "2026-03-01T10:00:00Z")!

    /// A chunk of one MiB: a hundred lines that are told apart.
    private static func chunk(_ number: Int) -> LogChunk {
        var bytes: [UInt8] = []
        let padding = [UInt8](repeating: 0x2E, count: 10_400)
        for line in 0..<100 {
            bytes += Array("\(start.advanced(by: .seconds(number * 100 + line)).rfc3339Nano) o \(number).\(line) ".utf8) + padding + [0x0A]
        }
        return LogChunk(bytes, form: .marked, source: UInt16(number % 3))
    }

    private func text(_ model: LogsModel, _ line: Int) -> String? {
        model.line(line).map { $0.gap ?? String(decoding: $0.bytes.prefix { $0 != 0x20 }, as: UTF8.self) }
    }

    private func model(_ body: (LogsModel, String) async throws -> Void) async throws {
        let directory = ScratchFolder.path("spill")
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        let model = LogsModel(signal: ChangeSignal())
        model.spillDirectory = directory
        try await body(model, directory)
    }

    @Test func `what memory should not hold is on the disk, and every line is there`() async throws {
        try await model { model, directory in
            let count = 3 * LogIndex.memoryLimit >> 20
            for number in 0..<count {
                model.append(Self.chunk(number))
                await model.waitForDisk()
            }
            while let spilling = model.spilling { await spilling.value }
            #expect(model.index.memorySize <= LogIndex.memoryLimit + (2 << 20))
            #expect(model.endLine - model.firstLine == count * 100)
            for line in [0, 1, 99, 100, 5_017, count * 100 - 1] { #expect(text(model, line) == "\(line / 100).\(line % 100)") }
            #expect(model.line(400)?.source == 1)
            let names = try FileSystem.names(in: directory)
            #expect(names.isEmpty)
            model.setFilter(" 7\\.|^17\\.5 ")
            model.search = "3.42 "
            model.find(next: true, from: 0)
            #expect(model.index.firstLine(at: Self.start.advanced(by: .seconds(1234))) == 1234)
            while let scanning = model.scanning { await scanning.value }
            #expect(model.shownCount == 1 && model.firstShown == 1705)
        }
    }

    @Test func `beyond the budget the oldest go, and a line says how many, of when and why`() async throws {
        try await model { model, _ in
            model.budget = 48 << 20
            model.clear()
            for number in 0..<60 {
                model.append(Self.chunk(number))
                await model.waitForDisk()
            }
            while let spilling = model.spilling { await spilling.value }
            let gap = try #require(text(model, model.firstLine))
            let gone = model.firstLine + 1
            #expect(gap.hasPrefix("\(gone) lines from before, 2026-03-01T10:00:00Z to ") && gap.hasSuffix("the log is larger than 48 MiB"))
            #expect(text(model, gone) == "\(gone / 100).0")
            #expect(gone > 1000 && gone < 2000)
        }
    }

    @Test func `a folder that cannot be written costs old lines and no more`() async throws {
        let model = LogsModel(signal: ChangeSignal())
        model.spillDirectory = "/proc/nowhere"
        for number in 0..<60 {
            model.append(Self.chunk(number))
            await model.waitForDisk()
            while let spilling = model.spilling { await spilling.value }
        }
        #expect(text(model, model.firstLine)?.contains("the disk took no more") == true)
        #expect(text(model, model.endLine - 1) == "59.99")
        #expect(model.spillDirectory == nil)
    }
}

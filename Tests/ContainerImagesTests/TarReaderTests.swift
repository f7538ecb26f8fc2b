import Testing

@testable import ContainerImages

@Suite struct TarReaderTests {
    private func entries(_ bytes: [UInt8]) throws -> [TarEntry] {
        var reader = TarReader(MemoryChunks(bytes, pieceSize: 333), name: "test")
        var all: [TarEntry] = []
        while let entry = try reader.next() { all.append(entry) }
        return all
    }

    @Test func `extended headers give long names, large numbers and attributes`() throws {
        var tar = TarBuilder()
        let long = String(repeating: "d/", count: 200) + "file"
        tar.pax([
            ("path", Array(long.utf8)), ("uid", Array("3000000".utf8)), ("mtime", Array("1700000000.25".utf8)),
            ("SCHILY.xattr.security.capability", [1, 0, 0, 2]),
        ])
        tar.add("short", content: [1, 2, 3])
        tar.add("next")
        let all = try entries(tar.finished)
        #expect(all.map(\.displayPath) == [long, "next"])
        #expect(all[0].uid == 3_000_000 && all[0].modified == (1_700_000_000, 250_000_000))
        #expect(all[0].attributes.first?.name == "security.capability" && all[0].attributes.first?.value == [1, 0, 0, 2])
        #expect(all[1].attributes.isEmpty)
    }

    @Test func `gnu long names and links are joined with their member`() throws {
        var tar = TarBuilder()
        let long = String(repeating: "x", count: 150)
        tar.add("././@LongLink", type: "L", content: Array(long.utf8) + [0])
        tar.add("././@LongLink", type: "K", content: Array((long + "y").utf8) + [0])
        tar.add("cut", type: "2", link: "cut")
        let all = try entries(tar.finished)
        #expect(all.count == 1 && all[0].displayPath == long && all[0].linkTarget == Array((long + "y").utf8))
    }

    @Test func `numbers in base 256 are read`() throws {
        var tar = TarBuilder()
        tar.add("f")
        tar.patchLastHeader(back: 512, at: 108, [0x80, 0, 0, 0, 0, 0x2d, 0xc6, 0xc0])
        #expect(try entries(tar.finished)[0].uid == 3_000_000)
    }

    @Test func `what is malformed is named`() throws {
        var sparse = TarBuilder()
        sparse.pax([("GNU.sparse.major", [49])])
        sparse.add("big.img")
        let refused = #expect(throws: ImageError.self) { try entries(sparse.finished) }
        #expect(refused?.code == .unsupported && refused?.message.contains("big.img") == true)
        var huge = TarBuilder()
        huge.add("f", statedSize: 1 << 32)
        #expect(throws: ImageError.self) { try entries(huge.finished) }
        var negative = TarBuilder()
        negative.add("f")
        negative.patchLastHeader(back: 512, at: 124, [0xff, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255])
        #expect(throws: ImageError.self) { try entries(negative.finished) }
        var checksum = TarBuilder()
        checksum.add("f")
        checksum.bytes[0] = 65
        #expect(throws: ImageError.self) { try entries(checksum.finished) }
        #expect(throws: ImageError.self) { try entries(Array(checksum.bytes.prefix(300))) }
        var header = TarBuilder()
        header.add("x", type: "x", statedSize: 2 << 20)
        #expect(throws: ImageError.self) { try entries(header.finished) }
    }

    @Test func `random damage never traps`() throws {
        var tar = TarBuilder()
        tar.pax([("path", Array("a/b".utf8)), ("SCHILY.xattr.user.x", [1])])
        tar.add("f", content: [UInt8](repeating: 7, count: 700))
        tar.add("l", type: "1", link: "f")
        tar.add("d/", type: "5")
        let good = tar.finished
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var bad = good
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bad[Int.random(in: 0..<bad.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bad.removeLast(Int.random(in: 0..<bad.count, using: &generator)) }
            _ = try? entries(bad)
        }
        for _ in 0..<3000 {
            var records = PAXRecords()
            _ = records.add((0..<40).map { _ in [49, 50, 32, 61, 10, 65, 48].randomElement(using: &generator)! })
        }
    }
}

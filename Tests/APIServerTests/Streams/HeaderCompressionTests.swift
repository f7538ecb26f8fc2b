import Testing

@testable import APIServer

struct HeaderCompressionTests {
    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test func `the dictionary is the one of SPDY 3`() {
        #expect(SPDYDictionary.bytes.count == 1423)
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in SPDYDictionary.bytes {
            low = (low + UInt32(byte)) % 65521
            high = (high + low) % 65521
        }
        #expect(high << 16 | low == SPDYDictionary.checksum)
    }

    /// Blocks made by zlib with the dictionary, level 9 and a sync flush each, as Go makes them.
    @Test func `blocks that refer to the dictionary and to each other are read`() throws {
        var inflater = HeaderInflater()
        let blocks = [
            ("78f9e3c6a7c202253a703a2b294a4dcc851625aca9a0808614cb45e01c6061606100a4398b20d198094ade8c0600000000ffff", "error", "0"),
            ("c2aa19540e2512d60b000000ffff", "data", "0"), ("a2c4624300000000ffff", "error", "1"),
        ]
        for (hex, type, request) in blocks {
            let text = try inflater.inflate(Self.bytes(hex), limit: 1000)
            let headers = try SPDYHeaderBlock.parse(text)
            #expect(headers == SPDYHeaders([("streamtype", type), ("port", "8080"), ("requestid", request)]))
        }
    }

    @Test func `fixed codes, own codes and a stream without the dictionary are read`() throws {
        let dynamic = """
            78f9e3c6a7c214954b8ee0400843d57d128e355b53fc41eafbefc65194452252b61f88708e7ebe11bfbf6fa07fff59cb8bae696d948bd99648e53c\
            9b27b998d3770d3f78f5e65ef2ee7aa15c95e693379ec2b4c2d9b41878cfbee563eb8e4dbbabd694c6693e785e2a9afdcae537148443b50596defe\
            1611f1324b727a44fbc47376cdd3591d384a21bbe761262a267a7d0b8d41f89477c7e3755c454e2d72a51feaccb9c51b1e46b988b1baa7418b5d6e\
            a7100bb226d621f3e847bd739e9f9e9dc867a89694356cddec67c6b45dcf805bb16ca0569fb80d4412ad41ddba4398a9e8b3f37b20ea04bd787f45\
            c536826f155a58257a7ad7c8c9e69ab3481e88dd3ce5e044f51cc1305322a66e23370b66e2db7a69241c41df4a273b7239bad1c2448ba2810491ea\
            7c65549c5a3267f6a397a5471a8030bbda239f66b33d3a43529301f7b167c7ae4c91e37b14a91596f1377bf69a4096dab36c4fff070000ffff
            """
        var inflater = HeaderInflater()
        let long = try SPDYHeaderBlock.parse(try inflater.inflate(Self.bytes(dynamic), limit: 1000))["long"]
        #expect(long?.hasPrefix("di cfihjibiahe ddkh") == true)
        #expect(long?.hasSuffix("fdk lejkgiii") == true)
        #expect(long?.utf8.count == 600)
        for (hex, type) in [
            ("783fe3c6a7c202a62346703a2b294a4dcc851625acc525c03c01000000ffff", "stdin"),
            ("78da62606060646060e02a2e294a4dcc2da92c4805f2d88a4b52f24b4b00000000ffff", "stdout"),
        ] {
            var inflater = HeaderInflater()
            #expect(try SPDYHeaderBlock.parse(try inflater.inflate(Self.bytes(hex), limit: 1000))["streamtype"] == type)
        }
    }

    @Test func `a block that unpacks to too much is refused before it is unpacked`() {
        // 200,000 times the same letter, in 236 bytes.
        let bomb = "78f9e3c6a7c2ecd2410d00200c00b191bde769567081fc8104fe6d720eee7eb45e3bb2fa" + String(repeating: "00", count: 195) + "00000000ffff"
        var inflater = HeaderInflater()
        #expect(throws: SPDYFailure.headersTooLarge) { try inflater.inflate(Self.bytes(bomb), limit: SPDYHeaderBlock.Limits.text) }
    }

    @Test func `what we say can be read back, block by block`() throws {
        var deflater = HeaderDeflater()
        var inflater = HeaderInflater()
        for count in [0, 1, 100, 70_000] {
            let text = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try inflater.inflate(deflater.deflate(text), limit: 100_000) == text)
        }
    }

    @Test(arguments: [
        "", "78", "7800", "0000", "78bb00000000", "78bbe3c6a7c207", "78bbe3c6a7c201000000ffff", "78bbe3c6a7c2000100000041",
        "78bbe3c6a7c2000100feff", "78bbe3c6a7c204ffffffffffff", "78bbe3c6a7c26bffffffff", "78dae30200",
    ])
    func `a damaged block is refused`(hex: String) {
        var inflater = HeaderInflater()
        #expect(throws: SPDYFailure.self) {
            let text = try inflater.inflate(Self.bytes(hex), limit: 1000)
            _ = try SPDYHeaderBlock.parse(text)
        }
    }

    @Test(
        arguments: [
            [0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 1, 97], [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0, 1, 65, 0, 0, 0, 0],
            [255, 255, 255, 255], [0, 0, 0, 1, 255, 255, 255, 255, 97], [0, 0, 0, 0, 0],
            [0, 0, 0, 2, 0, 0, 0, 1, 97, 0, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 0, 0],
        ] as [[UInt8]])
    func `headers that break the rules are refused`(bytes: [UInt8]) {
        #expect(throws: SPDYFailure.self) { try SPDYHeaderBlock.parse(bytes) }
    }
}

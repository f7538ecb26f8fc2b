import Testing

@testable import APIServer

struct CodecTests {
    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"])
    func `base 64 comes back as it went in`(text: String) {
        #expect(Base64.decode(Base64.encode(Array(text.utf8)).utf8) == Array(text.utf8))
        #expect(Base64.decode(Base64.encode(Array(text.utf8), isURL: true).utf8) == Array(text.utf8))
    }

    @Test func `base 64 refuses what is not of its alphabet`() {
        #expect(Base64.decode("ab*d".utf8) == nil)
        #expect(Base64.encode([0xfb, 0xff]) == "+/8=")
    }

    @Test func `gzip comes back as it went in, up to the limit`() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let packed = try #require(GzipCodec.compress(bytes))
        #expect(packed.count < bytes.count)
        guard case .bytes(let plain) = GzipCodec.decompress(packed, limit: 100_000) else { return #expect(Bool(false)) }
        #expect(plain == bytes)
        guard case .tooLarge = GzipCodec.decompress(packed, limit: 99_999) else { return #expect(Bool(false)) }
        guard case .malformed = GzipCodec.decompress([1, 2, 3], limit: 100) else { return #expect(Bool(false)) }
    }

    @Test func `the accept key is the one of RFC 6455`() {
        #expect(WebSocketHandshake.accept(key: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func `an HTTP date has the fixed format`() { #expect(HTTPDate.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT") }

    @Test func `a channel message carries its channel in every subprotocol`() throws {
        for name in RemoteCommandProtocol.allCases {
            let parsed = try #require(name.parse(name.message(1, [104, 105])))
            #expect(parsed.channel == 1)
            #expect(parsed.data == [104, 105])
        }
        #expect(RemoteCommandProtocol.choose(["v5.channel.k8s.io", "v4.channel.k8s.io"]) == .v5)
        #expect(RemoteCommandProtocol.choose(["SPDY/3.1+portforward.k8s.io"]) == nil)
        #expect(RemoteCommandProtocol.choose([]) == .v1)
    }

    @Test(arguments: [("{\"Width\":80,\"Height\":24}", true), ("{\"Width\":0,\"Height\":24}", false), ("nonsense", false)])
    func `only real terminal sizes count`(text: String, isValid: Bool) { #expect((TerminalSize.parse(Array(text.utf8)) != nil) == isValid) }
}

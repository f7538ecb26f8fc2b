import LinuxKernel
import Testing

@testable import PodNetwork

struct DNSMessageTests {
    private static let name = DNSName("Web.Example.com")!

    @Test func `a question is read as it was written`() throws {
        var query = DNSMessage(id: 77, asking: DNSQuestion(Self.name, .a))
        query.edns = .init(payload: 4096)
        let read = try DNSMessage(parsing: query.encoded())
        #expect(read == query)
        #expect(read.question.name.description == "Web.Example.com")
        #expect(read.datagramLimit == 1232)
    }

    @Test func `every kind of record survives`() throws {
        var message = DNSMessage(id: 1, asking: DNSQuestion(Self.name, .any)).answer()
        let other = DNSName("mail.example.com")!
        message.answers = [
            DNSRecord(Self.name, .a, timeToLive: 5, .address(IPv4Address(10, 0, 0, 1))),
            DNSRecord(Self.name, .cname, timeToLive: 5, .name(other)),
            DNSRecord(Self.name, .mx, timeToLive: 5, .prefixed([0, 10], other)),
            .service(Self.name, timeToLive: 5, weight: 1, port: 80, target: other),
            DNSRecord(Self.name, .txt, timeToLive: 5, .opaque([1, 65])),
            DNSRecord(Self.name, DNSType(65), timeToLive: 5, .opaque([])),
        ]
        message.authorities = [DNSRecord(other, .soa, timeToLive: 9, .authority(Self.name, other, [UInt8](repeating: 3, count: 20)))]
        #expect(try DNSMessage(parsing: message.encoded()) == message)
        #expect(message.answers.map(\.text) == ["10.0.0.1", "mail.example.com", "10 mail.example.com", "0 1 80 mail.example.com", "2 bytes", "0 bytes"])
    }

    @Test func `what does not fit is cut at a record and said to be`() throws {
        var message = DNSMessage(id: 1, asking: DNSQuestion(Self.name, .a)).answer()
        message.edns = .init(payload: 1232)
        message.answers = (0..<100).map { DNSRecord(Self.name, .a, timeToLive: 5, .address(IPv4Address(10, 0, 0, $0))) }
        let bytes = message.encoded(limit: 512)
        let read = try DNSMessage(parsing: bytes)
        #expect(bytes.count <= 512 && bytes.count > 490)
        #expect(read.isTruncated)
        #expect(read.answers == Array(message.answers.prefix(read.answers.count)))
        #expect(read.edns == message.edns)
        #expect(!(try DNSMessage(parsing: message.encoded())).isTruncated)
    }

    private static let header: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    private static let bad: [(String, [UInt8])] = [
        ("nothing", []), ("half a header", Array(header.prefix(7))), ("no question", Array(header)),
        ("a name that refers to itself", header + [0xC0, 12, 0, 1, 0, 1]),
        ("a name that refers to what follows", header + [0xC0, 20, 0, 1, 0, 1, 0, 0, 0]),
        ("two names that refer to each other", header + [1, 97, 0xC0, 12, 0, 1, 0, 1]),
        ("a label beyond the end", header + [63, 97, 98]), ("a label of an unknown form", header + [0x80, 1, 0, 0, 1, 0, 1]),
        ("a name of 300 bytes", header + (0..<5).flatMap { _ in [60] + [UInt8](repeating: 97, count: 60) } + [0, 0, 1, 0, 1]),
        ("two questions", [0, 1, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1]),
        ("an answer that is not there", [0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1]),
        ("65,535 answers", [0, 1, 1, 0, 0, 1, 255, 255, 0, 0, 0, 0, 0, 0, 1, 0, 1]),
        ("a CNAME longer than it says", [0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 5, 0, 1, 0, 0, 5, 0, 1, 0, 0, 0, 9, 0, 1, 1, 97, 0]),
    ]

    @Test(arguments: bad) func `a message that is none is refused`(what: String, bytes: [UInt8]) {
        #expect(throws: DNSMessageError.self, "\(what)") { try DNSMessage(parsing: bytes) }
    }

    @Test func `a refusal carries the number of what cannot be read, and answers are never answered`() {
        #expect(DNSMessage.refusal(of: [9, 8, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 7]) == [9, 8, 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(DNSMessage.refusal(of: [9, 8, 0x81, 0, 0, 2, 0, 0, 0, 0, 0, 0, 7]) == nil)
        #expect(DNSMessage.refusal(of: [9, 8]) == nil)
    }

    @Test(
        arguments: [
            ("a..b", nil), ("", "."), ("a.b.", "a.b"), (String(repeating: "a", count: 64), nil), ("ä b", "\\195\\164\\032b"),
            (Array(repeating: "abcdefg", count: 32).joined(separator: "."), nil),
        ] as [(String, String?)])
    func `a name is labels of 63 bytes and 255 in all`(text: String, shown: String?) { #expect(DNSName(text)?.description == shown) }
}

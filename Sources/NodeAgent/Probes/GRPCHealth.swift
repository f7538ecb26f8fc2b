/// The client's side of one health check on one HTTP/2 connection. Pure: bytes in, bytes and an answer out.
///
/// Headers of the response are not decoded: only the message says SERVING, and a stream that ends without one is a refusal.
/// Sources: RFC 9113; grpc.health.v1.
struct GRPCHealth: Sendable {
    enum Answer: Sendable, Hashable {
        case pending
        /// HealthCheckResponse.ServingStatus; 1 is SERVING.
        case status(UInt64)
        /// The stream ended without a message.
        case refused
    }

    private enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
    }

    /// No frame may be larger: the default of SETTINGS_MAX_FRAME_SIZE, which is not raised.
    private static let largestFrame = 16384
    private var buffer: [UInt8] = []
    private var message: [UInt8] = []
    private var answer = Answer.pending

    /// Everything the client sends first: preface, settings, headers and the message.
    static func request(authority: String, service: String) -> [UInt8] {
        var headers: [UInt8] = [0x83, 0x86]  // :method POST and :scheme http from the static table
        literal(name: ":path", "/grpc.health.v1.Health/Check", to: &headers)
        literal(name: ":authority", authority, to: &headers)
        literal(name: "content-type", "application/grpc", to: &headers)
        literal(name: "te", "trailers", to: &headers)
        literal(name: "user-agent", "kube-probe/1.36", to: &headers)
        let name = Array(service.utf8.prefix(8192))
        var body: [UInt8] = name.isEmpty ? [] : [0x0A] + varint(name.count) + name
        let size = body.count
        body = [0, UInt8(size >> 24 & 0xFF), UInt8(size >> 16 & 0xFF), UInt8(size >> 8 & 0xFF), UInt8(size & 0xFF)] + body
        return Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(Kind.settings, flags: 0, stream: 0, [])
            + frame(Kind.headers, flags: 4, stream: 1, headers) + frame(Kind.data, flags: 1, stream: 1, body)
    }

    private static func literal(name: String, _ value: String, to block: inout [UInt8]) {
        // Literal without indexing, new name, no Huffman coding.
        block.append(0)
        for text in [name, value] {
            let bytes = Array(text.utf8.prefix(4096))
            block += prefixed(bytes.count) + bytes
        }
    }

    /// A length with a 7-bit prefix. Source: RFC 7541, 5.1.
    private static func prefixed(_ number: Int) -> [UInt8] {
        number < 127 ? [UInt8(number)] : [127] + varint(number - 127)
    }

    private static func varint(_ number: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = number
        while rest >= 128 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func frame(_ kind: UInt8, flags: UInt8, stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let size = payload.count
        return [UInt8(size >> 16 & 0xFF), UInt8(size >> 8 & 0xFF), UInt8(size & 0xFF), kind, flags, 0, 0, 0, stream] + payload
    }

    /// Takes received bytes; returns what to send, and the answer once it is known.
    mutating func receive(_ bytes: [UInt8]) -> (reply: [UInt8], answer: Answer) {
        buffer += bytes
        var reply: [UInt8] = []
        var position = 0
        while answer == .pending, buffer.count - position >= 9 {
            let size = Int(buffer[position]) << 16 | Int(buffer[position + 1]) << 8 | Int(buffer[position + 2])
            guard size <= Self.largestFrame else {
                answer = .refused
                break
            }
            guard buffer.count - position >= 9 + size else { break }
            let payload = Array(buffer[(position + 9)..<(position + 9 + size)])
            take(kind: buffer[position + 3], flags: buffer[position + 4], isOurs: buffer[position + 8] == 1, payload, &reply)
            position += 9 + size
        }
        buffer.removeFirst(position)
        return (reply, answer)
    }

    private mutating func take(kind: UInt8, flags: UInt8, isOurs: Bool, _ payload: [UInt8], _ reply: inout [UInt8]) {
        switch kind {
        case Kind.settings where flags & 1 == 0: reply += Self.frame(Kind.settings, flags: 1, stream: 0, [])
        case Kind.ping where flags & 1 == 0: reply += Self.frame(Kind.ping, flags: 1, stream: 0, payload)
        case Kind.goAway: answer = .refused
        case Kind.reset where isOurs: answer = .refused
        case Kind.data where isOurs:
            var content = payload[...]
            if flags & 8 != 0, let padding = content.popFirst() { content = content.dropLast(Int(padding)) }
            message += content.prefix(4096)
            if let status = Self.status(in: message) { answer = .status(status) } else if flags & 1 != 0 { answer = .refused }
        case Kind.headers where isOurs && flags & 1 != 0: answer = .refused
        default: break
        }
    }

    /// The status field of a complete, uncompressed message; an absent field is 0. Nil while it is incomplete.
    private static func status(in message: [UInt8]) -> UInt64? {
        guard message.count >= 5 else { return nil }
        let size = message[1..<5].reduce(0) { $0 << 8 | Int($1) }
        guard message.count - 5 >= size else { return nil }
        let body = Array(message[5..<(5 + size)])
        guard message[0] == 0, body.first == 0x08 else { return 0 }
        var value: UInt64 = 0
        for (index, byte) in body.dropFirst().prefix(9).enumerated() {
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte & 0x80 == 0 { break }
        }
        return value
    }

    /// Source: HealthCheckResponse.ServingStatus.
    static func name(_ status: UInt64) -> String {
        switch status {
        case 0: "UNKNOWN"
        case 1: "SERVING"
        case 2: "NOT_SERVING"
        case 3: "SERVICE_UNKNOWN"
        default: "\(status)"
        }
    }
}

extension FuzzTarget {
    /// Frames behind the preface of a connection to a server that listens.
    static let http2 = FuzzTarget(
        "http2", tokens: ["/livez", "/api/v1/namespaces/default/configmaps", "content-length", "transfer-encoding", "chunked", ":path", ":method", "te"],
        bytes: [
            HTTP2Frames.frame(4, 0, 0, []), HTTP2Frames.frame(4, 1, 0, []), HTTP2Frames.frame(6, 0, 0, [0, 1, 2, 3, 4, 5, 6, 7]),
            HTTP2Frames.frame(8, 0, 0, [0x7F, 0xFF, 0xFF, 0xFF]), HTTP2Frames.frame(3, 0, 1, [0, 0, 0, 8]),
            HTTP2Frames.frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]),
            HTTP2Frames.frame(0, 1, 1, [0x7B, 0x7D]), HTTP2Frames.frame(1, 5, 1, HTTP2Frames.livez), HTTP2Frames.frame(1, 5, 3, HTTP2Frames.livez),
            HTTP2Frames.frame(9, 4, 1, []), [0x82], [0x83], [0x84], [0x87], [0x44], [0x40], [0x3F, 0xE1, 0x1F], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x00], [0x10],
        ], largest: 16 << 10, memory: 1 << 30, reshape: HTTP2Frames.reshape
    ) {
        let server = try await ListeningServer.start(protocols: ["h2"])
        return { input, seen in
            let answers = try server.exchange(
                Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + input + HTTP2Frames.frame(6, 0, 0, HTTP2Answers.last), HTTP2Answers())
            for frame in answers.frames { seen.note("frame \(frame.kind) \(frame.flags) \(frame.content.prefix(frame.kind == 1 ? 1 : 8).suffix(4))") }
            seen.note("frames", answers.frames.count)
        }
    }
}

/// What comes back on an HTTP/2 connection, in frames.
private struct HTTP2Answers: ConnectionAnswers {
    struct Frame {
        var kind: UInt8
        var flags: UInt8
        var content: [UInt8]
    }

    /// What the last ping says. Its answer is the end, unless what came before has put the frames out of step.
    static let last = Array("the last".utf8)

    private(set) var frames: [Frame] = []
    private var inbound: [UInt8] = []
    private(set) var isComplete = false
    var isOpen: Bool { !frames.isEmpty }

    mutating func receive(_ bytes: [UInt8]) throws(Violation) {
        inbound += bytes
        var start = 0
        while inbound.count - start >= 9 {
            let length = inbound[start..<(start + 3)].reduce(0) { $0 << 8 | Int($1) }
            guard inbound.count - start >= 9 + length else { break }
            let (kind, flags) = (inbound[start + 3], inbound[start + 4])
            try Violation.unless(kind <= 9, "a frame has a kind that there is", "\(kind)")
            try Violation.unless(inbound[start + 5] & 0x80 == 0, "a frame's stream is a number of 31 bits")
            let content = Array(inbound[(start + 9)..<(start + 9 + length)])
            frames.append(Frame(kind: kind, flags: flags, content: content))
            start += 9 + length
            // Whoever says goodbye for a fault closes; the rest is not waited for.
            if kind == 7 || kind == 6 && content == Self.last { isComplete = true }
        }
        inbound.removeFirst(start)
    }

    mutating func closed() { isComplete = true }
}

/// Frames as bytes. Source: RFC 9113 section 4.1.
private enum HTTP2Frames {
    /// The header block of `GET /livez`.
    static let livez: [UInt8] = [0x82, 0x87, 0x04, 6] + Array("/livez".utf8) + [0x01, 1, UInt8(ascii: "h")]

    static func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ content: [UInt8]) -> [UInt8] {
        length(content.count) + [kind, flags, 0, 0, 0, stream] + content
    }

    private static func length(_ count: Int) -> [UInt8] { [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] }

    /// Changes a frame and keeps its length true.
    static func reshape(_ input: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        var frames: [[UInt8]] = []
        var rest = input[...]
        while rest.count >= 9 {
            let count = 9 + rest.prefix(3).reduce(0) { $0 << 8 | Int($1) }
            frames.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        guard !frames.isEmpty else { return input }
        let place = random.below(frames.count)
        switch random.below(7) {
        case 0: frames.remove(at: place)
        case 1: frames.insert(frames[place], at: random.below(frames.count + 1))
        case 2: frames.swapAt(place, random.below(frames.count))
        case 3: frames[place][4] ^= UInt8(1 << random.below(6))
        case 4: frames[place][3] = UInt8(random.below(11))
        case 5: frames[place][8] = UInt8(random.below(8))
        default:
            var content = Array(frames[place].dropFirst(9))
            Mutator.scramble(&content, &random)
            frames[place] = length(content.count) + frames[place][3..<9] + content
        }
        return frames.flatMap { $0 } + rest
    }
}

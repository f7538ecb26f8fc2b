import NIOCore

@testable import APIServer

extension FuzzTarget {
    static let spdy = FuzzTarget(
        "spdy", tokens: ["streamtype", "stdin", "error", "data", "port", "requestid"],
        bytes: [
            [0x80, 3, 0, 1], [0x80, 3, 0, 2], [0x80, 3, 0, 3], [0x80, 3, 0, 4], [0x80, 3, 0, 6], [0x80, 3, 0, 7], [0x80, 3, 0, 8], [0x80, 3, 0, 9],
            [0x80, 3, 0, 10],
            [0, 0, 0, 1], [0, 0, 0, 3], [1, 0, 0, 0], [0, 0, 0, 8], [0, 0, 0, 7], [0x7F, 0xFF, 0xFF, 0xFF], [0x78, 0xBB, 0xE3, 0xC6, 0xA7, 0xC2],
            [0, 0, 0, 0xFF, 0xFF], [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1],
        ],
        reshape: SPDYRules.reshape
    ) { { input, seen in try SPDYRules.check(input, &seen) } }
}

/// What holds for all bytes that arrive on a SPDY connection.
private enum SPDYRules {
    private struct Session: Equatable {
        var events: [SPDYConnection.Event] = []
        var output: [UInt8] = []
        var failure: SPDYFailure?

        /// The session of bytes that arrive in pieces of one size, of a server that answers and reads everything.
        init(_ input: [UInt8], pieces: Int) throws {
            var connection = SPDYConnection()
            var rest = input[...]
            while !rest.isEmpty, failure == nil {
                connection.receive(ByteBuffer(bytes: rest.prefix(pieces)))
                rest = rest.dropFirst(pieces)
                do throws(SPDYFailure) {
                    while let event = try connection.nextEvent() { take(event, &connection) }
                } catch { failure = error }
                if var written = connection.takeOutput() { output += written.readBytes(length: written.readableBytes) ?? [] }
                try Violation.unless(connection.streamCount <= SPDYConnection.Limits.streams, "there are no more streams than the limit")
            }
        }

        private mutating func take(_ event: SPDYConnection.Event, _ connection: inout SPDYConnection) {
            switch event {
            case .opened(let id, let headers):
                if headers["streamtype"] == "error" { connection.reset(id, .refused) } else { connection.reply(id) }
                if headers["streamtype"] == "stdin" { connection.send(id, [UInt8](repeating: 1, count: min(9, connection.room(id)))) }
            case .data(let id, let bytes):
                connection.acknowledge(id, bytes.count)
                // Parts of a frame depend on how it arrives.
                if case .data(id, let earlier)? = events.last { events[events.count - 1] = .data(id, earlier + bytes) } else { events.append(event) }
                return
            case .ended(let id): connection.finish(id)
            default: break
            }
            events.append(event)
        }
    }

    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        let session = try Session(input, pieces: max(1, input.count))
        seen.note("events", session.events.count)
        seen.note("output", session.output.count)
        for event in session.events { note(event, &seen) }
        for (one, next) in zip(session.events, session.events.dropFirst()) { seen.note("\(kind(one)) \(kind(next))") }
        if let failure = session.failure {
            seen.note(message: failure.message)
            try Violation.unlessClean(failure.message)
        }
        // A stream costs its opener 18 bytes and brings it a reply, a greeting, an acknowledgement and an end.
        try Violation.unless(session.output.count <= 6 * input.count + 64, "answers are no more than what was asked", "\(session.output.count) bytes")
        for size in input.count < 2000 ? [1, 13] : [251] {
            let pieces = try Session(input, pieces: size)
            try Violation.unless(
                pieces.events == session.events && pieces.failure == session.failure, "pieces make the same session", "\(pieces)\nin place of \(session)")
        }
        try frames(input)
    }

    private static func note(_ event: SPDYConnection.Event, _ seen: inout Observation) {
        switch event {
        case .opened(_, let headers):
            seen.note("opened", headers.pairs.count)
            for (name, value) in headers.pairs { seen.note("header", name.utf8.count + value.utf8.count) }
        case .data(_, let bytes): seen.note("data", bytes.count)
        default: seen.note(kind(event))
        }
    }

    private static func kind(_ event: SPDYConnection.Event) -> String { String("\(event)".prefix { $0 != "(" }) }

    /// Frames that were read are written and read again.
    private static func frames(_ input: [UInt8]) throws {
        var (reader, writer, buffer, written) = (SPDYFrameReader(), SPDYFrameWriter(), ByteBuffer(bytes: input), ByteBuffer())
        var frames: [SPDYFrame] = []
        while let frame = try? reader.next(&buffer) {  // best effort: what follows a fault is no frame
            frames.append(frame)
            writer.write(frame, into: &written)
        }
        var (again, back) = (SPDYFrameReader(), [SPDYFrame]())
        while let frame = try? again.next(&written) { back.append(frame) }  // best effort: as above
        guard back != frames else { return }
        // Texts at the limit do not fit once bytes that are no UTF-8 are replaced.
        let isLarge = frames.contains { frame in
            if case .data = frame { false } else { "\(frame)".utf8.count > SPDYHeaderBlock.Limits.text / 2 }
        }
        try Violation.unless(isLarge, "frames read back as themselves", "\(back)\nin place of \(frames)")
    }

    /// Changes a frame and keeps its length true.
    static func reshape(_ input: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        var frames: [[UInt8]] = []
        var rest = input[...]
        while rest.count >= 8 {
            let length = rest.dropFirst(5).prefix(3).reduce(0) { $0 << 8 | Int($1) }
            frames.append(Array(rest.prefix(8 + length)))
            rest = rest.dropFirst(8 + length)
        }
        guard !frames.isEmpty else { return input }
        let place = random.below(frames.count)
        switch random.below(6) {
        case 0: frames.remove(at: place)
        case 1: frames.insert(frames[place], at: random.below(frames.count + 1))
        case 2: frames.swapAt(place, random.below(frames.count))
        case 3: frames[place][4] ^= UInt8(1 + random.below(3))
        case 4: frames[place][min(3, frames[place].count - 1)] = UInt8(random.below(12))
        default:
            var payload = Array(frames[place].dropFirst(8))
            Mutator.scramble(&payload, &random)
            let length = [UInt8(payload.count >> 16 & 255), UInt8(payload.count >> 8 & 255), UInt8(payload.count & 255)]
            frames[place] = frames[place].prefix(5) + length + payload
        }
        return frames.flatMap { $0 } + rest
    }
}

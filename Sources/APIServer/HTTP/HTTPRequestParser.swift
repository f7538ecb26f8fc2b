internal import NIOCore

/// An incremental HTTP/1 request parser without I/O: bytes go in, heads and body pieces come out.
///
/// Strict where leniency lets requests be smuggled: no folded headers, no space before a colon, no two different lengths, no
/// length beside chunks, line ends are CRLF.
struct HTTPRequestParser {
    /// Bounds on what a client may send before a body.
    enum Limits {
        /// The longest request line in bytes.
        static let target = 32 << 10
        /// The largest head in bytes.
        static let head = 64 << 10
        /// The most header fields.
        static let fields = 200
        /// The longest chunk-size or trailer line in bytes.
        static let line = 4 << 10
    }

    /// What the parser found next.
    enum Event {
        /// Nothing complete yet.
        case needsMore
        /// A whole head; its body follows.
        case head(HTTPRequestHead)
        /// Part of the body.
        case body(ByteBuffer)
        /// The request is complete.
        case end
    }

    private enum State {
        case head
        case fixed(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers(total: Int)
        case complete
    }

    private var state: State = .head
    /// How many bytes at the front are known to hold no end of the head.
    private var scanned = 0

    /// Whether a request has begun but is not complete.
    var isInsideRequest: Bool {
        if case .head = state { scanned > 0 } else { true }
    }

    /// The next event from the front of `buffer`, which loses what was used.
    mutating func next(_ buffer: inout ByteBuffer) throws(HTTPParseFailure) -> Event {
        switch state {
        case .head: return try parseHead(&buffer)
        case .fixed(let remaining): return takeFixed(remaining, &buffer)
        case .complete:
            state = .head
            return .end
        case .chunkSize, .chunk, .chunkEnd, .trailers: return try parseChunked(&buffer)
        }
    }

    private mutating func takeFixed(_ remaining: Int, _ buffer: inout ByteBuffer) -> Event {
        guard let piece = buffer.readSlice(length: min(remaining, buffer.readableBytes)), piece.readableBytes > 0 else {
            return .needsMore
        }
        let left = remaining - piece.readableBytes
        state = left == 0 ? .complete : .fixed(remaining: left)
        return .body(piece)
    }

    private mutating func parseHead(_ buffer: inout ByteBuffer) throws(HTTPParseFailure) -> Event {
        // Empty lines before a request are allowed (RFC 9112 section 2.2).
        while scanned <= 1, buffer.readableBytes >= 2, buffer.getInteger(at: buffer.readerIndex, as: UInt16.self) == 0x0d0a {
            buffer.moveReaderIndex(forwardBy: 2)
            scanned = 0
        }
        let found: Result<(HTTPRequestHead, Int)?, HTTPParseFailure> = buffer.withUnsafeReadableBytes { bytes in
            guard let end = Self.endOfHead(bytes, from: max(0, scanned - 3)) else {
                if bytes.count > Limits.head { return .failure(.headTooLarge) }
                if bytes.count > Limits.target, !bytes.prefix(Limits.target).contains(10) { return .failure(.targetTooLong) }
                return .success(nil)
            }
            if end > Limits.head { return .failure(.headTooLarge) }
            do throws(HTTPParseFailure) {
                return .success((try HTTPHeadGrammar.parse(UnsafeRawBufferPointer(rebasing: bytes[..<end])), end))
            } catch {
                return .failure(error)
            }
        }
        guard let (head, length) = try found.get() else {
            scanned = buffer.readableBytes
            return .needsMore
        }
        scanned = 0
        buffer.moveReaderIndex(forwardBy: length)
        switch head.body {
        case .none, .fixed(0): state = .complete
        case .fixed(let count): state = .fixed(remaining: count)
        case .chunked: state = .chunkSize
        }
        return .head(head)
    }

    /// The number of bytes up to and including the empty line.
    private static func endOfHead(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in (start + 3)..<max(bytes.count, start + 3)
        where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 && bytes[index - 3] == 13 {
            return index + 1
        }
        return nil
    }

    private mutating func parseChunked(_ buffer: inout ByteBuffer) throws(HTTPParseFailure) -> Event {
        while true {
            switch state {
            case .chunkSize:
                guard let line = try readLine(&buffer) else { return .needsMore }
                guard let size = Self.chunkSize(line) else { throw .malformed("a chunk size is not a hexadecimal number") }
                state = size == 0 ? .trailers(total: 0) : .chunk(remaining: size)
            case .chunk(let remaining):
                guard let piece = buffer.readSlice(length: min(remaining, buffer.readableBytes)), piece.readableBytes > 0 else {
                    return .needsMore
                }
                let left = remaining - piece.readableBytes
                state = left == 0 ? .chunkEnd : .chunk(remaining: left)
                return .body(piece)
            case .chunkEnd:
                guard buffer.readableBytes >= 2 else { return .needsMore }
                guard buffer.readInteger(as: UInt16.self) == 0x0d0a else { throw .malformed("a chunk does not end with CRLF") }
                state = .chunkSize
            case .trailers(let total):
                guard let line = try readLine(&buffer) else { return .needsMore }
                if line.isEmpty {
                    state = .head
                    return .end
                }
                guard total + line.count <= Limits.head else { throw .headTooLarge }
                state = .trailers(total: total + line.count)
            case .head, .fixed, .complete:
                return try next(&buffer)
            }
        }
    }

    /// A line without its CRLF; nil when it is not complete yet.
    private func readLine(_ buffer: inout ByteBuffer) throws(HTTPParseFailure) -> [UInt8]? {
        let view = buffer.readableBytesView
        guard let newline = view.prefix(Limits.line).firstIndex(of: 10) else {
            if view.count >= Limits.line { throw .malformed("a chunk header is too long") }
            return nil
        }
        let count = newline - view.startIndex
        guard count > 0, view[newline - 1] == 13 else { throw .malformed("a line ends without CR") }
        let line = Array(view[view.startIndex..<(newline - 1)])
        buffer.moveReaderIndex(forwardBy: count + 1)
        return line
    }

    private static func chunkSize(_ line: [UInt8]) -> Int? {
        var value = 0
        var digits = 0
        for byte in line {
            let digit: Int
            switch byte {
            case 48...57: digit = Int(byte) - 48
            case 65...70: digit = Int(byte) - 55
            case 97...102: digit = Int(byte) - 87
            case 59, 32, 9: return digits > 0 ? value : nil
            default: return nil
            }
            digits += 1
            guard digits <= 15 else { return nil }
            value = value << 4 | digit
        }
        return digits > 0 ? value : nil
    }
}

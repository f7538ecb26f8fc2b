internal import NIOCore

/// Cuts bytes into frames. A value without I/O; data frames come out in the parts they arrive in, so that none is held whole.
struct SPDYFrameReader {
    /// The largest control frame.
    static let largestControlFrame = 64 << 10

    private enum State {
        case header
        case data(id: UInt32, remaining: Int, isFinal: Bool)
        /// A control frame of a kind that says nothing here.
        case skipping(remaining: Int)
    }

    private var state: State = .header
    private var inflater = HeaderInflater()

    /// The next frame from the front of `buffer`, which loses what was used; nil when more bytes are needed.
    mutating func next(_ buffer: inout ByteBuffer) throws(SPDYFailure) -> SPDYFrame? {
        while true {
            switch state {
            case .header:
                guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self),
                    let second = buffer.getInteger(at: buffer.readerIndex + 4, as: UInt32.self)
                else { return nil }
                let length = Int(second & 0xff_ffff)
                let flags = UInt8(second >> 24)
                if first >> 31 == 0 {
                    guard first != 0 else { throw .malformed("a data frame belongs to no stream") }
                    buffer.moveReaderIndex(forwardBy: 8)
                    if length == 0 { return .data(id: first, [], isFinal: flags & 1 != 0) }
                    state = .data(id: first, remaining: length, isFinal: flags & 1 != 0)
                    continue
                }
                guard first >> 16 & 0x7fff == 3 else { throw .malformed("SPDY version \(first >> 16 & 0x7fff) is not 3") }
                guard let kind = SPDYFrame.Kind(rawValue: UInt16(first & 0xffff)) else {
                    buffer.moveReaderIndex(forwardBy: 8)
                    state = .skipping(remaining: length)
                    continue
                }
                guard length <= Self.largestControlFrame else { throw .malformed("a control frame of \(length) bytes is too large") }
                guard buffer.readableBytes >= 8 + length else { return nil }
                buffer.moveReaderIndex(forwardBy: 8)
                guard let payload = buffer.readSlice(length: length) else { return nil }
                return try control(kind, flags: flags, payload)
            case .data(let id, let remaining, let isFinal):
                guard let piece = buffer.readBytes(length: min(remaining, buffer.readableBytes)), !piece.isEmpty else { return nil }
                let left = remaining - piece.count
                state = left == 0 ? .header : .data(id: id, remaining: left, isFinal: isFinal)
                return .data(id: id, piece, isFinal: isFinal && left == 0)
            case .skipping(let remaining):
                let count = min(remaining, buffer.readableBytes)
                buffer.moveReaderIndex(forwardBy: count)
                state = count == remaining ? .header : .skipping(remaining: remaining - count)
                if count < remaining { return nil }
            }
        }
    }

    private mutating func control(_ kind: SPDYFrame.Kind, flags: UInt8, _ bytes: ByteBuffer) throws(SPDYFailure) -> SPDYFrame {
        var payload = bytes
        func number() throws(SPDYFailure) -> UInt32 {
            guard let value = payload.readInteger(as: UInt32.self) else { throw .malformed("a control frame ends early") }
            return value
        }
        let isFinal = flags & 1 != 0
        switch kind {
        case .synStream:
            let id = try number() & 0x7fff_ffff
            _ = try number()  // The stream it belongs to: only servers push.
            guard payload.readInteger(as: UInt16.self) != nil else { throw .malformed("a control frame ends early") }
            return .synStream(id: id, headers: try headers(&payload), isFinal: isFinal, isUnidirectional: flags & 2 != 0)
        case .synReply: return .synReply(id: try number() & 0x7fff_ffff, headers: try headers(&payload), isFinal: isFinal)
        case .headers: return .headers(id: try number() & 0x7fff_ffff, headers: try headers(&payload), isFinal: isFinal)
        case .reset: return .reset(id: try number() & 0x7fff_ffff, status: SPDYStatus(code: try number()))
        case .settings:
            let count = try number()
            guard payload.readableBytes == Int(count) * 8 else { throw .malformed("SETTINGS has not the entries it announces") }
            var window: UInt32?
            for _ in 0..<count {
                let id = try number() & 0xff_ffff
                let value = try number()
                if id == 7 { window = value }
            }
            return .settings(initialWindow: window)
        case .ping: return .ping(try number())
        case .goAway: return .goAway(lastGood: try number() & 0x7fff_ffff, status: try number())
        case .windowUpdate: return .windowUpdate(id: try number() & 0x7fff_ffff, delta: try number() & 0x7fff_ffff)
        }
    }

    private mutating func headers(_ payload: inout ByteBuffer) throws(SPDYFailure) -> SPDYHeaders {
        let block = payload.readBytes(length: payload.readableBytes) ?? []
        return try SPDYHeaderBlock.parse(try inflater.inflate(block, limit: SPDYHeaderBlock.Limits.text))
    }
}

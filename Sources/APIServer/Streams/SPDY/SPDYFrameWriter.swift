internal import NIOCore

/// Writes frames as bytes.
struct SPDYFrameWriter {
    /// The most data in one frame.
    static let largestData = 0xff_ffff

    private var deflater = HeaderDeflater()

    /// Appends `frame`. Data longer than ``largestData`` must come in several frames.
    mutating func write(_ frame: SPDYFrame, into out: inout ByteBuffer) {
        switch frame {
        case .synStream(let id, let headers, let isFinal, let isUnidirectional):
            let block = deflater.deflate(SPDYHeaderBlock.encode(headers))
            control(.synStream, flags: (isFinal ? 1 : 0) | (isUnidirectional ? 2 : 0), length: 10 + block.count, &out)
            out.writeInteger(id)
            out.writeInteger(UInt32(0))
            out.writeInteger(UInt16(0))
            out.writeBytes(block)
        case .synReply(let id, let headers, let isFinal): withHeaders(.synReply, id, headers, isFinal, &out)
        case .headers(let id, let headers, let isFinal): withHeaders(.headers, id, headers, isFinal, &out)
        case .reset(let id, let status): numbers(.reset, [id, status.code], &out)
        case .settings(let window): numbers(.settings, window.map { [1, 7, $0] } ?? [0], &out)
        case .ping(let id): numbers(.ping, [id], &out)
        case .goAway(let lastGood, let status): numbers(.goAway, [lastGood, status], &out)
        case .windowUpdate(let id, let delta): numbers(.windowUpdate, [id, delta], &out)
        case .data(let id, let bytes, let isFinal):
            out.writeInteger(id & 0x7fff_ffff)
            out.writeInteger((isFinal ? 1 << 24 : 0) | UInt32(bytes.count & 0xff_ffff))
            out.writeBytes(bytes)
        }
    }

    private mutating func withHeaders(
        _ kind: SPDYFrame.Kind, _ id: UInt32, _ headers: SPDYHeaders, _ isFinal: Bool, _ out: inout ByteBuffer
    ) {
        let block = deflater.deflate(SPDYHeaderBlock.encode(headers))
        control(kind, flags: isFinal ? 1 : 0, length: 4 + block.count, &out)
        out.writeInteger(id)
        out.writeBytes(block)
    }

    private func numbers(_ kind: SPDYFrame.Kind, _ values: [UInt32], _ out: inout ByteBuffer) {
        control(kind, flags: 0, length: values.count * 4, &out)
        for value in values { out.writeInteger(value) }
    }

    private func control(_ kind: SPDYFrame.Kind, flags: UInt8, length: Int, _ out: inout ByteBuffer) {
        out.writeInteger(0x8003_0000 | UInt32(kind.rawValue))
        out.writeInteger(UInt32(flags) << 24 | UInt32(length & 0xff_ffff))
    }
}

/// Writes the wire format of protobuf.
struct ProtobufWriter {
    var bytes: [UInt8] = []

    mutating func varint(_ number: Int, _ value: UInt64) {
        raw(UInt64(number) << 3)
        raw(value)
    }

    mutating func fixed64(_ number: Int, _ value: UInt64) {
        raw(UInt64(number) << 3 | 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func string(_ number: Int, _ text: String) {
        var text = text
        text.withUTF8 { delimited(number, $0) }
    }

    mutating func delimited(_ number: Int, _ content: [UInt8]) {
        content.withUnsafeBufferPointer { delimited(number, $0) }
    }

    mutating func delimited(_ number: Int, _ content: UnsafeBufferPointer<UInt8>) {
        raw(UInt64(number) << 3 | 2)
        raw(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    /// Begins a value whose length is not known yet; ``close(_:)`` takes what is returned.
    mutating func open(_ number: Int) -> Int {
        raw(UInt64(number) << 3 | 2)
        bytes.append(0)
        return bytes.count
    }

    /// Ends a value: puts its length before it, and moves it where the length needs more than a byte.
    mutating func close(_ start: Int) {
        let count = bytes.count - start
        guard count >= 0x80 else {
            bytes[start - 1] = UInt8(count)
            return
        }
        var extra = 0
        var rest = count >> 7
        while rest > 0 {
            extra += 1
            rest >>= 7
        }
        bytes.append(contentsOf: repeatElement(0, count: extra))
        bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            (base + start + extra).copyMemory(from: base + start, byteCount: count)
            rest = count
            for place in 0..<extra {
                buffer[start - 1 + place] = UInt8(truncatingIfNeeded: rest) | 0x80
                rest >>= 7
            }
            buffer[start - 1 + extra] = UInt8(rest)
        }
    }

    @inline(__always)
    private mutating func raw(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// Base64 with padding, as JSON carries bytes. Source: RFC 4648 section 4.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (index, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(index) }
        return table
    }()

    /// The text of bytes.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var buffer: UInt32 = 0
        var held = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            held += 1
            if held == 3 {
                for shift in [18, 12, 6, 0] { out.append(alphabet[Int(buffer >> UInt32(shift) & 63)]) }
                (buffer, held) = (0, 0)
            }
        }
        if held > 0 {
            buffer <<= UInt32(8 * (3 - held))
            for index in 0..<4 {
                out.append(index <= held ? alphabet[Int(buffer >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes of a text; nil when it is no base64. Line breaks are skipped, as Go skips them.
    package static func decode(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count / 4 * 3)
        return scan(text) { out.append($0) } == nil ? out : nil
    }

    /// The offset of the first byte that is wrong; nil when the text is base64.
    package static func firstFault(_ text: String) -> Int? { scan(text) { _ in } }

    private static func scan(_ text: String, _ emit: (UInt8) -> Void) -> Int? {
        var buffer: UInt32 = 0
        var held = 0
        var padding = 0
        var offset = 0
        for byte in text.utf8 {
            defer { offset += 1 }
            if byte == 0x0A || byte == 0x0D { continue }
            if byte == UInt8(ascii: "=") {
                padding += 1
                guard held + padding <= 4, held >= 2 else { return offset }
                continue
            }
            let value = values[Int(byte)]
            guard value != 0xFF, padding == 0 else { return offset }
            buffer = buffer << 6 | UInt32(value)
            held += 1
            if held == 4 {
                emit(UInt8(truncatingIfNeeded: buffer >> 16))
                emit(UInt8(truncatingIfNeeded: buffer >> 8))
                emit(UInt8(truncatingIfNeeded: buffer))
                (buffer, held) = (0, 0)
            }
        }
        if held == 0 { return padding == 0 ? nil : offset }
        guard held + padding == 4 else { return offset }
        buffer <<= UInt32(6 * (4 - held))
        emit(UInt8(truncatingIfNeeded: buffer >> 16))
        if held == 3 { emit(UInt8(truncatingIfNeeded: buffer >> 8)) }
        return nil
    }
}

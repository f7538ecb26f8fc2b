import JSONCore

extension Base64 {
    /// The offset of the first byte that makes a text no base64, as Go's decoder reports it; nil when it is base64.
    static func firstFault(_ text: String) -> Int? {
        var filled = 0
        var padding = 0
        var offset = 0
        for byte in text.utf8 {
            defer { offset += 1 }
            if byte == 0x0A || byte == 0x0D { continue }
            if byte == UInt8(ascii: "=") {
                padding += 1
                guard filled >= 2, filled + padding <= 4 else { return offset }
            } else {
                guard padding == 0, isDigit(byte) else { return offset }
                filled = filled == 4 ? 1 : filled + 1
            }
        }
        return filled == 0 || filled + padding == 4 ? nil : offset
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}

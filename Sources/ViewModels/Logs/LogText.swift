/// A line's bytes as text.
enum LogText {
    /// Without escape sequences and the return that ends a line of Windows.
    static func plain(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard bytes.contains(where: { $0 == 0x1B || $0 == 0x0D }) else { return Array(bytes) }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var at = bytes.startIndex
        while at < bytes.endIndex {
            if bytes[at] == 0x1B {
                at = end(of: bytes, from: at)
                continue
            }
            if bytes[at] != 0x0D || at + 1 < bytes.endIndex { plain.append(bytes[at]) }
            at += 1
        }
        return plain
    }

    /// Where an escape sequence ends: strings at BEL or ST, others at their final byte.
    private static func end(of bytes: ArraySlice<UInt8>, from start: Int) -> Int {
        var at = start + 1
        guard at < bytes.endIndex else { return at }
        switch bytes[at] {
        case 0x5B:
            at += 1
            while at < bytes.endIndex, (0x20...0x3F).contains(bytes[at]) { at += 1 }
            return min(bytes.endIndex, at + 1)
        case 0x5D, 0x50, 0x58, 0x5E, 0x5F:
            while at < bytes.endIndex {
                if bytes[at] == 0x07 { return at + 1 }
                if bytes[at] == 0x1B { return min(bytes.endIndex, at + 2) }
                at += 1
            }
            return at
        default: return at + 1
        }
    }
}

/// Undoes the compression of one connection's header blocks: a zlib stream with the SPDY dictionary that is flushed after every
/// block. A value without I/O. Source: RFC 1950, RFC 1951.
struct HeaderInflater {
    private static let windowSize = 32 << 10

    /// What earlier blocks said, as far as a later one may refer to it.
    private var window: [UInt8] = []
    private var hasHeader = false

    /// The text of the next block. Throws for anything malformed and for more than `limit` bytes of text.
    mutating func inflate(_ block: [UInt8], limit: Int) throws(SPDYFailure) -> [UInt8] {
        var reader = DeflateBitReader(block)
        if !hasHeader { try readHeader(&reader) }
        var output = window
        let start = output.count
        let bound = start + limit
        while reader.hasMore {
            let isLast = try reader.bits(1) == 1
            guard !isLast else { throw .malformed("the header compression ends") }
            switch try reader.bits(2) {
            case 0: try Self.copyStored(&reader, into: &output, bound: bound)
            case 1: try Self.decode(&reader, .fixedLiterals, .fixedDistances, into: &output, bound: bound)
            case 2:
                let (literals, distances) = try Self.readTables(&reader)
                try Self.decode(&reader, literals, distances, into: &output, bound: bound)
            default: throw .malformed("a compressed block has no known type")
            }
        }
        window = Array(output.suffix(Self.windowSize))
        return Array(output[start...])
    }

    private mutating func readHeader(_ reader: inout DeflateBitReader) throws(SPDYFailure) {
        let method = try reader.byte()
        let flags = try reader.byte()
        guard method & 15 == 8, method >> 4 <= 7, (Int(method) << 8 | Int(flags)) % 31 == 0 else {
            throw .malformed("a header block is not zlib")
        }
        if flags & 0x20 != 0 {
            var checksum: UInt32 = 0
            for _ in 0..<4 { checksum = checksum << 8 | UInt32(try reader.byte()) }
            guard checksum == SPDYDictionary.checksum else { throw .malformed("header blocks use an unknown dictionary") }
            window = SPDYDictionary.bytes
        }
        hasHeader = true
    }

    private static func copyStored(_ reader: inout DeflateBitReader, into output: inout [UInt8], bound: Int) throws(SPDYFailure) {
        reader.alignToByte()
        let low = try reader.byte()
        let high = try reader.byte()
        let count = Int(low) | Int(high) << 8
        let complement = Int(try reader.byte()) | Int(try reader.byte()) << 8
        guard count ^ complement == 0xffff else { throw .malformed("a stored block's length is damaged") }
        guard output.count + count <= bound else { throw .headersTooLarge }
        for _ in 0..<count { output.append(try reader.byte()) }
    }

    // Source: RFC 1951 section 3.2.5.
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
    ]
    private static let lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
        12289, 16385, 24577,
    ]

    private static func decode(
        _ reader: inout DeflateBitReader, _ literals: HuffmanTable, _ distances: HuffmanTable, into output: inout [UInt8], bound: Int
    ) throws(SPDYFailure) {
        while true {
            let symbol = try literals.symbol(&reader)
            if symbol == 256 { return }
            if symbol < 256 {
                guard output.count < bound else { throw .headersTooLarge }
                output.append(UInt8(symbol))
                continue
            }
            guard symbol - 257 < lengthBases.count else { throw .malformed("a compressed length has no meaning") }
            let length = lengthBases[symbol - 257] + (try reader.bits(lengthBits[symbol - 257]))
            let code = try distances.symbol(&reader)
            guard code < distanceBases.count else { throw .malformed("a compressed distance has no meaning") }
            let distance = distanceBases[code] + (try reader.bits(max(0, code / 2 - 1)))
            guard distance <= output.count else { throw .malformed("a compressed distance points before the start") }
            guard output.count + length <= bound else { throw .headersTooLarge }
            // One by one: the copy may overlap what it makes.
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }

    private static let codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    private static func readTables(_ reader: inout DeflateBitReader) throws(SPDYFailure) -> (HuffmanTable, HuffmanTable) {
        let literalCount = try reader.bits(5) + 257
        let distanceCount = try reader.bits(5) + 1
        let codeCount = try reader.bits(4) + 4
        guard literalCount <= 286, distanceCount <= 30 else { throw .malformed("a compressed block has too many codes") }
        var codes = [UInt8](repeating: 0, count: 19)
        for index in 0..<codeCount { codes[codeOrder[index]] = UInt8(try reader.bits(3)) }
        let codeTable = try HuffmanTable(lengths: codes)
        var lengths: [UInt8] = []
        while lengths.count < literalCount + distanceCount {
            let symbol = try codeTable.symbol(&reader)
            var repeated: UInt8 = 0
            let times: Int
            switch symbol {
            case 0...15:
                lengths.append(UInt8(symbol))
                continue
            case 16:
                guard let last = lengths.last else { throw .malformed("a compressed block repeats nothing") }
                repeated = last
                times = 3 + (try reader.bits(2))
            case 17: times = 3 + (try reader.bits(3))
            default: times = 11 + (try reader.bits(7))
            }
            guard lengths.count + times <= literalCount + distanceCount else { throw .malformed("a compressed block has too many codes") }
            lengths += repeatElement(repeated, count: times)
        }
        guard lengths[256] != 0 else { throw .malformed("a compressed block cannot end") }
        return (try HuffmanTable(lengths: lengths[..<literalCount]), try HuffmanTable(lengths: lengths[literalCount...]))
    }
}

/// Bits of a deflate stream, least significant first.
struct DeflateBitReader {
    private let bytes: [UInt8]
    private var position = 0
    private var held: UInt32 = 0
    private var heldCount = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether anything is left, be it a single bit.
    var hasMore: Bool { position < bytes.count || heldCount > 0 }

    /// The next `count` bits, at most 16. Throws past the end.
    mutating func bits(_ count: Int) throws(SPDYFailure) -> Int {
        while heldCount < count {
            guard position < bytes.count else { throw .malformed("a header block ends early") }
            held |= UInt32(bytes[position]) << UInt32(heldCount)
            position += 1
            heldCount += 8
        }
        let value = held & (1 << UInt32(count) - 1)
        held >>= UInt32(count)
        heldCount -= count
        return Int(value)
    }

    /// The next whole byte.
    mutating func byte() throws(SPDYFailure) -> UInt8 { UInt8(try bits(8)) }

    /// Drops what is left of a byte.
    mutating func alignToByte() {
        let extra = heldCount % 8
        held >>= UInt32(extra)
        heldCount -= extra
    }
}

/// A canonical Huffman code: how many codes have each length, and their symbols in order.
struct HuffmanTable {
    private var counts = [UInt16](repeating: 0, count: 16)
    private var symbols: [UInt16]

    /// Throws when the lengths describe more codes than fit. Source: RFC 1951 section 3.2.2.
    init(lengths: some Collection<UInt8>) throws(SPDYFailure) {
        for length in lengths { counts[Int(length)] += 1 }
        counts[0] = 0
        var left = 1
        for length in 1...15 {
            left = left << 1 - Int(counts[length])
            guard left >= 0 else { throw .malformed("a compressed block's codes overlap") }
        }
        var offsets = [0, 0]
        for length in 1..<15 { offsets.append(offsets[length] + Int(counts[length])) }
        symbols = [UInt16](repeating: 0, count: lengths.count)
        for (symbol, length) in lengths.enumerated() where length != 0 {
            symbols[offsets[Int(length)]] = UInt16(symbol)
            offsets[Int(length)] += 1
        }
    }

    /// Reads one code. Throws for bits that are no code.
    func symbol(_ reader: inout DeflateBitReader) throws(SPDYFailure) -> Int {
        var code = 0
        var first = 0
        var index = 0
        for length in 1...15 {
            code |= try reader.bits(1)
            let count = Int(counts[length])
            if code - count < first { return Int(symbols[index + code - first]) }
            index += count
            first = (first + count) << 1
            code <<= 1
        }
        throw .malformed("a header block has bits that are no code")
    }

    /// The codes of blocks that bring none. Source: RFC 1951 section 3.2.6.
    static let fixedLiterals = fixed(
        (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    static let fixedDistances = fixed([UInt8](repeating: 5, count: 30))

    private static func fixed(_ lengths: [UInt8]) -> HuffmanTable {
        do throws(SPDYFailure) { return try HuffmanTable(lengths: lengths) } catch {
            preconditionFailure("the fixed codes of RFC 1951 do not overlap")
        }
    }
}

/// Reads a tar archive member by member: ustar, pax, GNU long names and base-256 numbers. Sparse members are refused.
struct TarReader {
    private static let maximumHeader: Int64 = 1 << 20
    private static let maximumPath = 4096

    private var cursor: ByteCursor
    private var unreadData: Int64 = 0
    private var padding: Int64 = 0
    private var hasEnded = false
    /// What is read, for messages.
    private let name: String

    /// Where the current member's data begins in the stream.
    var dataOffset: Int64 { cursor.offset }

    init(_ source: any ChunkSource, name: String) {
        cursor = ByteCursor(source)
        self.name = name
    }

    /// The next member; nil after the last. Data of the one before that was not read is skipped.
    mutating func next() throws(ImageError) -> TarEntry? {
        try skipData()
        guard !hasEnded else { return nil }
        var pax = PAXRecords()
        var longName: [UInt8]?
        var longLink: [UInt8]?
        while true {
            guard let block = try cursor.read(512) else {
                hasEnded = true
                return nil
            }
            guard block.count == 512 else { throw corrupt("ends in the middle of a header") }
            if block.allSatisfy({ $0 == 0 }) {
                hasEnded = true
                return nil
            }
            guard Self.hasValidChecksum(block) else { throw corrupt("has a header with a wrong checksum at byte \(cursor.offset - 512)") }
            guard let size = TarNumber.parse(block[124..<136]) else { throw corrupt("has a member with a malformed size") }
            switch block[156] {
            case UInt8(ascii: "x"):
                guard pax.add(try header(size)) else { throw corrupt("has a malformed extended header") }
            case UInt8(ascii: "g"):
                _ = try header(size)
            case UInt8(ascii: "L"):
                longName = Self.text(try header(size)[...])
            case UInt8(ascii: "K"):
                longLink = Self.text(try header(size)[...])
            default:
                return try entry(block, size, pax, longName, longLink)
            }
        }
    }

    /// Hands the current member's data over in pieces.
    mutating func readData(_ body: (UnsafeRawBufferPointer) throws(ImageError) -> Void) throws(ImageError) {
        let size = unreadData
        unreadData = 0
        guard try cursor.consume(size, body) else { throw corrupt("ends in the middle of a member's data") }
        try skipPadding()
    }

    private mutating func skipData() throws(ImageError) {
        let size = unreadData
        unreadData = 0
        guard try cursor.skip(size) else { throw corrupt("ends in the middle of a member's data") }
        try skipPadding()
    }

    private mutating func skipPadding() throws(ImageError) {
        // The last member's padding may be missing when nothing follows.
        _ = try cursor.consume(padding) { _ in }
        padding = 0
    }

    private mutating func header(_ size: Int64) throws(ImageError) -> [UInt8] {
        guard size <= Self.maximumHeader else {
            throw ImageError(.tooLarge, "\(name) has an extended header of \(size) bytes; at most 1 MiB is read")
        }
        let padded = (size + 511) & ~511
        guard let bytes = try cursor.read(Int(padded)), bytes.count == padded else {
            throw corrupt("ends in the middle of an extended header")
        }
        return Array(bytes.prefix(Int(size)))
    }

    private mutating func entry(
        _ block: [UInt8], _ headerSize: Int64, _ pax: PAXRecords, _ longName: [UInt8]?, _ longLink: [UInt8]?
    ) throws(ImageError) -> TarEntry {
        var entry = TarEntry()
        entry.path = pax.values["path"] ?? longName ?? Self.name(block)
        entry.linkTarget = pax.values["linkpath"] ?? longLink ?? Self.text(block[157..<257])
        guard !entry.path.isEmpty else { throw corrupt("has a member without a name") }
        guard entry.path.count <= Self.maximumPath, entry.linkTarget.count <= Self.maximumPath else {
            throw ImageError(.tooLarge, "\(name) has a member whose path is longer than \(Self.maximumPath) bytes")
        }
        guard !entry.path.contains(0), !entry.linkTarget.contains(0) else { throw corrupt("has a path with a zero byte") }
        if pax.values.keys.contains(where: { $0.hasPrefix("GNU.sparse.") }) || block[156] == UInt8(ascii: "S") {
            throw ImageError(
                .unsupported,
                "\(name): \(entry.displayPath) is stored as a sparse file; save the image without sparse files (tar without -S)")
        }
        func number(_ key: String, _ field: Range<Int>) throws(ImageError) -> Int64 {
            let value =
                try pax.values[key].map { (text) throws(ImageError) in TarNumber.decimal(text[...]) } ?? TarNumber.parse(block[field])
            guard let value else { throw corrupt("has a malformed \(key) at \(entry.displayPath)") }
            return value
        }
        let isUstar = block[257..<262].elementsEqual("ustar".utf8)
        entry.size = pax.values["size"] == nil ? headerSize : try number("size", 124..<136)
        entry.mode = UInt32(truncatingIfNeeded: try number("mode", 100..<108)) & 0o7777
        guard let uid = UInt32(exactly: try number("uid", 108..<116)), let gid = UInt32(exactly: try number("gid", 116..<124)),
            uid != .max, gid != .max
        else { throw corrupt("has an owner beyond 32 bits at \(entry.displayPath)") }
        (entry.uid, entry.gid) = (uid, gid)
        entry.modified = pax.time("mtime") ?? (TarNumber.parse(block[136..<148]) ?? 0, 0)
        entry.attributes = pax.attributes
        func device(_ field: Range<Int>) throws(ImageError) -> UInt32 {
            guard isUstar, let value = TarNumber.parse(block[field]).flatMap({ UInt32(exactly: $0) }) else {
                throw corrupt("has a malformed device number at \(entry.displayPath)")
            }
            return value
        }
        switch block[156] {
        // Before ustar a folder was a file whose name ends in a slash.
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): entry.kind = entry.path.last == 47 ? .directory : .file
        case UInt8(ascii: "1"): entry.kind = .hardLink
        case UInt8(ascii: "2"): entry.kind = .symbolicLink
        case UInt8(ascii: "3"): entry.kind = .characterDevice(major: try device(329..<337), minor: try device(337..<345))
        case UInt8(ascii: "4"): entry.kind = .blockDevice(major: try device(329..<337), minor: try device(337..<345))
        case UInt8(ascii: "5"): entry.kind = .directory
        case UInt8(ascii: "6"): entry.kind = .fifo
        case let type:
            throw ImageError(.unsupported, "\(name): \(entry.displayPath) has the unknown member type \(type)")
        }
        // Only files carry data; other kinds sometimes state a size that means nothing.
        if entry.kind != .file { entry.size = 0 }
        unreadData = entry.size
        padding = (512 - entry.size % 512) % 512
        return entry
    }

    private func corrupt(_ what: String) -> ImageError { ImageError(.corrupt, "\(name) \(what)") }

    private static func name(_ block: [UInt8]) -> [UInt8] {
        let base = text(block[0..<100])
        // The prefix field belongs to POSIX ustar only; GNU uses the place for other things.
        guard block[257..<263].elementsEqual(Array("ustar".utf8) + [0]), block[345] != 0 else { return base }
        return text(block[345..<500]) + [47] + base
    }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// The sum of all bytes with the checksum field taken as blanks; some old programs summed signed bytes.
    private static func hasValidChecksum(_ block: [UInt8]) -> Bool {
        guard let stated = TarNumber.parse(block[148..<156]) else { return false }
        var unsigned: Int64 = 8 * 32
        var signed: Int64 = 8 * 32
        for (index, byte) in block.enumerated() where !(148..<156).contains(index) {
            unsigned += Int64(byte)
            signed += Int64(Int8(bitPattern: byte))
        }
        return stated == unsigned || stated == signed
    }
}

import LinuxKernel

/// Rows as bytes in one buffer, by slot: some 150 bytes a row instead of a dozen heap objects, and all text of a table in one place for filters.
///
/// A row is: flags, creation time, then uid, namespace and name as texts, then the cells. A text is its length as a varint and its UTF-8.
struct PackedRows: Sendable {
    private struct Slot: Sendable {
        var start = 0
        var count: Int32 = -1
        var generation: UInt8 = 0
    }

    private var bytes: [UInt8] = []
    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var dead = 0

    /// Slots in use and free ones; a slot is below this.
    var capacity: Int { slots.count }
    /// Bytes of text that rows hold, and that rows that are gone still take.
    var size: (live: Int, dead: Int) { (bytes.count - dead, dead) }

    /// The generation a slot was written in; nil when it is free.
    func generation(_ slot: Int) -> UInt8? { slots[slot].count < 0 ? nil : slots[slot].generation }

    /// Says that a row is as it was, in this generation.
    mutating func touch(_ slot: Int, generation: UInt8) { slots[slot].generation = generation }

    /// Adds a row; returns its slot.
    mutating func add(_ row: ResourceRow, generation: UInt8) -> Int {
        let slot: Int
        if let reused = free.popLast() {
            slot = Int(reused)
        } else {
            slot = slots.count
            slots.append(Slot())
        }
        write(row, slot, generation)
        return slot
    }

    /// Replaces the row of a slot.
    mutating func replace(_ slot: Int, _ row: ResourceRow, generation: UInt8) {
        dead += Int(slots[slot].count)
        write(row, slot, generation)
        compactIfWorthIt()
    }

    /// Frees a slot.
    mutating func remove(_ slot: Int) {
        dead += Int(slots[slot].count)
        slots[slot].count = -1
        free.append(Int32(slot))
        compactIfWorthIt()
    }

    /// The row of a slot that is in use.
    func row(_ slot: Int) -> ResourceRow {
        let place = slots[slot]
        return bytes.withUnsafeBytes { all in
            var reader = PackedReader(UnsafeRawBufferPointer(rebasing: all[place.start..<place.start + Int(place.count)]))
            return reader.row()
        }
    }

    /// Every row, in no order.
    var rows: some Sequence<ResourceRow> { (0..<capacity).lazy.filter { slots[$0].count >= 0 }.map { row($0) } }

    /// Reads the bytes of a slot that is in use, without making a row of them.
    func read<Result>(_ slot: Int, _ body: (inout PackedReader) -> Result) -> Result {
        let place = slots[slot]
        return bytes.withUnsafeBytes { all in
            var reader = PackedReader(UnsafeRawBufferPointer(rebasing: all[place.start..<place.start + Int(place.count)]))
            return body(&reader)
        }
    }

    /// Which slots hold a row whose bytes pass, read in the order of the slots, which is nearly that of the bytes.
    func test(_ passes: (inout PackedReader) -> Bool) -> [Bool] {
        bytes.withUnsafeBytes { all in
            slots.map { place in
                guard place.count >= 0 else { return false }
                var reader = PackedReader(UnsafeRawBufferPointer(rebasing: all[place.start..<place.start + Int(place.count)]))
                return passes(&reader)
            }
        }
    }

    private mutating func write(_ row: ResourceRow, _ slot: Int, _ generation: UInt8) {
        let start = bytes.count
        PackedWriter.append(row, to: &bytes)
        slots[slot] = Slot(start: start, count: Int32(clamping: bytes.count - start), generation: generation)
    }

    /// What is dead goes when it is more than half of everything; each byte is moved once for each time it was written.
    private mutating func compactIfWorthIt() {
        guard dead > 64 << 10, dead > bytes.count / 2 else { return }
        var packed: [UInt8] = []
        packed.reserveCapacity((bytes.count - dead) * 5 / 4)
        for slot in slots.indices where slots[slot].count >= 0 {
            let start = packed.count
            packed += bytes[slots[slot].start..<slots[slot].start + Int(slots[slot].count)]
            slots[slot].start = start
        }
        bytes = packed
        dead = 0
    }
}

/// How rows become bytes.
enum PackedWriter {
    /// The longest text of a cell; no screen shows more, and no object may make a row huge.
    static let longestText = 1024

    static func append(_ row: ResourceRow, to bytes: inout [UInt8]) {
        bytes.append((row.isDeleting ? 1 : 0) | (row.createdAt == nil ? 0 : 2))
        if let created = row.createdAt { append(created.seconds, to: &bytes) }
        for text in [row.uid, row.namespace, row.name] { append(text, to: &bytes) }
        append(varint: UInt64(row.cells.count), to: &bytes)
        for cell in row.cells {
            if case .text(row.name, let tone) = cell {
                bytes.append(PackedTag.name.rawValue << 4 | code(tone))
            } else {
                append(cell, to: &bytes)
            }
        }
    }

    private static func append(_ cell: TableCell, to bytes: inout [UInt8]) {
        switch cell {
        case .text(let text, let tone):
            bytes.append(PackedTag.text.rawValue << 4 | code(tone))
            append(text, to: &bytes)
        case .number(let number, let tone):
            bytes.append(PackedTag.number.rawValue << 4 | code(tone))
            append(Int64(number), to: &bytes)
        case .age(let moment):
            bytes.append(PackedTag.age.rawValue << 4 | (moment == nil ? 0 : 1))
            if let moment { append(moment.seconds, to: &bytes) }
        case .usage(let usage):
            bytes.append(PackedTag.usage.rawValue << 4)
            let amounts = [usage.used, usage.request, usage.limit]
            var known: UInt8 = (usage.unit == .bytes ? 8 : 0) | (usage.isLimitEnforced ? 16 : 0) | (usage.note == nil ? 0 : 32) | (usage.showsWhole ? 64 : 0)
            for (bit, amount) in amounts.enumerated() where amount != nil { known |= 1 << UInt8(bit) }
            bytes.append(known)
            for amount in amounts { if let amount { append(amount, to: &bytes) } }
            if let note = usage.note { append(note, to: &bytes) }
        }
    }

    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            var count = min(utf8.count, longestText)
            // Never in the middle of a character.
            while count < utf8.count, count > 0, utf8[count] & 0xC0 == 0x80 { count -= 1 }
            append(varint: UInt64(count), to: &bytes)
            bytes.append(contentsOf: utf8[..<count])
        }
    }

    private static func append(varint: UInt64, to bytes: inout [UInt8]) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static let tones: [Tone] = [.normal, .dim, .ok, .pending, .warning, .error, .accent, .done]
    private static func code(_ tone: Tone) -> UInt8 { UInt8(tones.firstIndex(of: tone) ?? 0) }
    static func tone(_ code: UInt8) -> Tone { tones[Int(code) % tones.count] }
}

/// What a packed cell is.
enum PackedTag: UInt8 {
    case text, number, age, usage
    /// The name of the object once more.
    case name
}

/// Reads one packed row, front to back.
struct PackedReader {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func row() -> ResourceRow {
        let flags = byte()
        let created = flags & 2 == 0 ? nil : Timestamp(seconds: number())
        let (uid, namespace, name) = (text(), text(), text())
        return ResourceRow(
            uid: uid, namespace: namespace, name: name, createdAt: created, isDeleting: flags & 1 != 0,
            cells: (0..<varint()).map { _ in cell(name) })
    }

    /// Reads over flags, time and uid; the next texts are namespace and name, then the cells.
    mutating func skipHead() {
        if byte() & 2 != 0 { at += 8 }
        skipText()
    }

    /// What has not been read yet.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[at...]) }

    /// The uid, at the start of a row.
    mutating func uid() -> String {
        if byte() & 2 != 0 { at += 8 }
        return text()
    }

    /// The next text's bytes.
    mutating func textBytes() -> UnsafeRawBufferPointer {
        let count = varint()
        defer { at += count }
        return UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
    }

    mutating func text() -> String { String(decoding: textBytes(), as: UTF8.self) }

    /// The number of cells, after the name was read.
    mutating func cellCount() -> Int { varint() }

    /// The text of the next cell; nil for a cell of another kind, which is read over.
    mutating func cellText() -> UnsafeRawBufferPointer? {
        let head = byte()
        switch PackedTag(rawValue: head >> 4) {
        case .text?: return textBytes()
        case .number?: at += 8
        case .age?: at += head & 1 == 0 ? 0 : 8
        case .usage?:
            let known = byte()
            at += (known & 7).nonzeroBitCount * 8
            if known & 32 != 0 { skipText() }
        case .name?, nil: break
        }
        return nil
    }

    /// Whether what the next cell says holds; false for one that says what changes by itself.
    mutating func cellHolds(_ holds: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        guard PackedTag(rawValue: bytes[at] >> 4) == .number else { return cellText().map(holds) ?? false }
        at += 1
        var text = String(number())
        return text.withUTF8 { holds(UnsafeRawBufferPointer($0)) }
    }

    /// The tone of the next cell, which is read over; nil for a cell that has none.
    mutating func cellTone() -> Tone? {
        let head = bytes[at]
        _ = cellText()
        switch PackedTag(rawValue: head >> 4) {
        case .text?, .number?, .name?: return PackedWriter.tone(head & 15)
        case .age?, .usage?, nil: return nil
        }
    }

    private mutating func cell(_ name: String) -> TableCell {
        let head = byte()
        switch PackedTag(rawValue: head >> 4) {
        case .text?: return .text(text(), PackedWriter.tone(head & 15))
        case .number?: return .number(Int(number()), PackedWriter.tone(head & 15))
        case .age?: return .age(head & 1 == 0 ? nil : Timestamp(seconds: number()))
        case .usage?:
            let known = byte()
            let amounts = (0..<3).map { known & (1 << UInt8($0)) == 0 ? nil : number() }
            return .usage(
                Usage(
                    used: amounts[0], request: amounts[1], limit: amounts[2], isLimitEnforced: known & 16 != 0,
                    unit: known & 8 == 0 ? .milliCPU : .bytes, note: known & 32 == 0 ? nil : text(), showsWhole: known & 64 != 0))
        case .name?: return .text(name, PackedWriter.tone(head & 15))
        case nil: return .text("", .normal)
        }
    }

    private mutating func byte() -> UInt8 {
        defer { at += 1 }
        return bytes[at]
    }

    private mutating func number() -> Int64 {
        defer { at += 8 }
        return Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int64.self))
    }

    private mutating func varint() -> Int {
        var value = 0
        var shift = 0
        while true {
            let next = byte()
            value |= Int(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    private mutating func skipText() { at += varint() }
}

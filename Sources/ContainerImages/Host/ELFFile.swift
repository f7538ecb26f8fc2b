/// What the dynamic loader would read of a program or library: interpreter, needed libraries, search paths.
struct ELFFile: Sendable {
    /// `EM_…`: 62 is x86-64, 183 is AArch64.
    let machine: UInt16
    /// nil for libraries and static programs.
    let interpreter: String?
    let needed: [String]
    let runPath: [String]
    /// DT_RPATH; used only when there is no DT_RUNPATH.
    let rPath: [String]

    /// Reads the few parts that matter; nil when the file is not a well-formed 64-bit little-endian ELF file.
    /// - Parameter read: at most that many bytes at an offset, fewer at the end of the file.
    init?(reading read: (_ offset: UInt64, _ count: Int) -> [UInt8]) {
        guard read(0, 6) == [0x7f, 0x45, 0x4c, 0x46, 2, 1] else { return nil }
        func number<T: FixedWidthInteger>(_ type: T.Type, _ offset: UInt64) -> T? {
            let bytes = read(offset, MemoryLayout<T>.size)
            guard bytes.count == MemoryLayout<T>.size else { return nil }
            return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(as: T.self)) }
        }
        func text(_ offset: UInt64) -> String? {
            let bytes = read(offset, 4096)
            guard let end = bytes.firstIndex(of: 0) else { return nil }
            return String(decoding: bytes[..<end], as: UTF8.self)
        }
        guard let machine = number(UInt16.self, 18), let tableOffset = number(UInt64.self, 32), let entrySize = number(UInt16.self, 54),
            let count = number(UInt16.self, 56), entrySize >= 56
        else { return nil }
        var segments: [(type: UInt32, offset: UInt64, address: UInt64, size: UInt64)] = []
        for index in 0..<UInt64(count) {
            let (base, overflow) = tableOffset.addingReportingOverflow(index * UInt64(entrySize))
            guard !overflow, let type = number(UInt32.self, base), let offset = number(UInt64.self, base &+ 8),
                let address = number(UInt64.self, base &+ 16), let size = number(UInt64.self, base &+ 32)
            else { return nil }
            segments.append((type, offset, address, size))
        }
        /// Where a virtual address lies in the file.
        func fileOffset(_ address: UInt64) -> UInt64? {
            for segment in segments where segment.type == 1 && address >= segment.address && address - segment.address < segment.size {
                let (offset, overflow) = segment.offset.addingReportingOverflow(address - segment.address)
                return overflow ? nil : offset
            }
            return nil
        }
        var interpreter: String?
        if let segment = segments.first(where: { $0.type == 3 }) {
            guard let found = text(segment.offset) else { return nil }
            interpreter = found
        }
        var strings: UInt64?
        var entries: [(tag: UInt64, value: UInt64)] = []
        if let dynamic = segments.first(where: { $0.type == 2 }) {
            var position = dynamic.offset
            while entries.count < 4096, let tag = number(UInt64.self, position), let value = number(UInt64.self, position &+ 8), tag != 0 {
                if tag == 5 { strings = fileOffset(value) }
                entries.append((tag, value))
                position &+= 16
            }
        }
        func values(_ tag: UInt64) -> [String] {
            guard let strings else { return [] }
            return entries.filter { $0.tag == tag }.compactMap { text(strings &+ $0.value) }
        }
        self.machine = machine
        self.interpreter = interpreter
        needed = values(1)
        runPath = values(29).flatMap { $0.split(separator: ":").map(String.init) }
        rPath = values(15).flatMap { $0.split(separator: ":").map(String.init) }
    }
}

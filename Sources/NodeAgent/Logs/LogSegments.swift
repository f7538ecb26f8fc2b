import Glibc
import LinuxKernel

/// The open files of one container instance's log, oldest first. Rotation renames files; open descriptors do not notice.
struct LogSegments: ~Copyable {
    let directory: String
    let attempt: Int
    private var files: [Int32] = []
    private var inodes: [UInt64] = []
    /// Index of the segment being read.
    private(set) var index = 0
    /// Position in that segment.
    var offset: Int64 = 0

    init(directory: String, attempt: Int) throws(SystemError) {
        self.directory = directory
        self.attempt = attempt
        for path in LogDirectory.segments(in: directory, attempt: attempt) { try add(path) }
    }

    deinit {
        for file in files { close(file) }
    }

    /// Number of open segments.
    var count: Int { files.count }

    private mutating func add(_ path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
        let inode = UInt64(try file.status().st_ino)
        if inodes.contains(inode) { return }
        inodes.append(inode)
        files.append(file.release())
    }

    /// Reads at the current position, going on to the next segment at the end of one; 0 means there is nothing more now.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        while index < files.count {
            let file = files[index]
            let position = offset
            let got = try SystemError.checkRetrying("pread", directory) { pread(file, buffer.baseAddress, buffer.count, off_t(position)) }
            if got > 0 { return got }
            if index + 1 < files.count {
                advanceSegment()
            } else if try !openNewer() {
                return 0
            }
        }
        return 0
    }

    private mutating func advanceSegment() {
        index += 1
        offset = 0
    }

    /// After a rotation: opens the files that are newer than the newest one open. False when there are none.
    private mutating func openNewer() throws(SystemError) -> Bool {
        let before = files.count
        for path in LogDirectory.segments(in: directory, attempt: attempt) where FileSystem.exists(path) {
            try add(path)
        }
        return files.count > before
    }

    /// Moves to the start of the last `lines` lines by scanning backwards in blocks.
    mutating func seek(toLast lines: Int, where keeps: (UnsafeRawBufferPointer) -> Bool) throws(SystemError) {
        var wanted = lines
        var segment = files.count - 1
        if lines <= 0 {
            index = max(segment, 0)
            offset = segment >= 0 ? try size(segment) : 0
            return
        }
        while segment >= 0 {
            let length = try size(segment)
            if let start = try scanBackwards(segment, length: length, wanted: &wanted, where: keeps) {
                index = segment
                offset = start
                return
            }
            segment -= 1
        }
        index = 0
        offset = 0
    }

    private func size(_ segment: Int) throws(SystemError) -> Int64 {
        var info = stat()
        let file = files[segment]
        try SystemError.check("fstat", directory) { fstat(file, &info) }
        return Int64(info.st_size)
    }

    /// Where the `wanted`th last matching line starts, or nil when the segment has fewer; `wanted` is reduced by those found.
    private func scanBackwards(
        _ segment: Int, length: Int64, wanted: inout Int, where keeps: (UnsafeRawBufferPointer) -> Bool
    ) throws(SystemError) -> Int64? {
        let blockSize: Int64 = 256 << 10
        let file = files[segment]
        var tail: [UInt8] = []
        var end = length
        while end > 0 {
            let start = max(0, end - blockSize)
            let count = Int(end - start)
            var block = [UInt8](repeating: 0, count: count)
            let got = try SystemError.checkRetrying("pread", directory) { pread(file, &block, count, off_t(start)) }
            block.removeLast(count - got)
            block += tail
            var lineEnd = block.count
            var position = block.count - 1
            if position >= 0, block[position] == 0x0A { position -= 1 } else if end == length { lineEnd = block.count }
            while position >= 0 {
                if block[position] == 0x0A {
                    if countLine(block, position + 1, lineEnd, &wanted, keeps) { return start + Int64(position + 1) }
                    lineEnd = position + 1
                }
                position -= 1
            }
            tail = Array(block[0..<lineEnd])
            end = start
        }
        if !tail.isEmpty, countLine(tail, 0, tail.count, &wanted, keeps) { return 0 }
        return nil
    }

    private func countLine(
        _ bytes: [UInt8], _ start: Int, _ end: Int, _ wanted: inout Int, _ keeps: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        guard end > start else { return false }
        let matches = bytes.withUnsafeBytes { keeps(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
        guard matches else { return false }
        wanted -= 1
        return wanted == 0
    }
}

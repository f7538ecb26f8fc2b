import Glibc
import LinuxKernel

/// The open files of one container instance's log, oldest first. Rotation renames files; open descriptors do not notice.
struct LogSegments: ~Copyable {
    /// One file, held open: its inode number is nobody else's as long as it is.
    private struct Segment {
        let file: CInt
        let inode: UInt64
    }

    let directory: String
    let attempt: Int
    private var segments: [Segment] = []
    /// Index of the segment being read.
    private(set) var index = 0
    /// Position in that segment.
    var offset: Int64 = 0

    init(directory: String, attempt: Int) throws(SystemError) {
        self.directory = directory
        self.attempt = attempt
        try openNewer()
        // Says whether nothing lies there or something that is no log.
        if segments.isEmpty { _ = try FileDescriptor.openRegular("\(directory)/\(attempt).log", O_RDONLY) }
        guard !segments.isEmpty else { throw SystemError(call: "open", errno: ENOENT, arguments: "\(directory)/\(attempt).log") }
    }

    deinit {
        for segment in segments { close(segment.file) }
    }

    /// Number of open segments.
    var count: Int { segments.count }

    /// Reads at the current position, going on to the next segment at the end of one; 0 means there is nothing more now.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        while index < segments.count {
            let file = segments[index].file
            let position = offset
            let got = try SystemError.checkRetrying("pread", directory) { pread(file, buffer.baseAddress, buffer.count, off_t(position)) }
            if got > 0 { return got }
            if index + 1 < segments.count {
                advanceSegment()
            } else if try !openNewer() {
                return 0
            }
        }
        return 0
    }

    /// What was read is closed: a file that was rotated away takes room on the disk for as long as somebody has it open.
    private mutating func advanceSegment() {
        for segment in segments[...index] { close(segment.file) }
        segments.removeFirst(index + 1)
        index = 0
        offset = 0
    }

    /// Opens the files that are newer than the newest one open, or all when none is. False when there are none.
    ///
    /// From the newest to the oldest, the way the writer moves them: a rotation meanwhile shows a file twice, but hides none.
    @discardableResult
    private mutating func openNewer() throws(SystemError) -> Bool {
        var found: [Segment] = []
        var number = 0
        // While files are moved one name is free.
        var missing = 0
        do throws(SystemError) {
            while missing < 2 {
                defer { number += 1 }
                guard let segment = try Self.open(number == 0 ? "\(directory)/\(attempt).log" : "\(directory)/\(attempt).log.\(number)") else {
                    missing += 1
                    continue
                }
                missing = 0
                let isKnown = segment.inode == segments.last?.inode
                if isKnown || found.contains(where: { $0.inode == segment.inode }) { close(segment.file) } else { found.append(segment) }
                if isKnown { break }
            }
        } catch {
            for segment in found { close(segment.file) }
            throw error
        }
        segments += found.reversed()
        return !found.isEmpty
    }

    /// Nil when there is no such file, or something else (privileged pods see the directory).
    private static func open(_ path: String) throws(SystemError) -> Segment? {
        do throws(SystemError) {
            let file = try FileDescriptor.openRegular(path, O_RDONLY)
            let inode = UInt64(try file.status().st_ino)
            return Segment(file: file.release(), inode: inode)
        } catch  where [ENOENT, ELOOP, ENXIO].contains(error.errno) {
            return nil
        }
    }

    /// How far beyond the last lines the first part of one is looked for: a stream that is seldom written must not cost a look at the whole log.
    static let reach: Int64 = 4 << 20

    /// Moves to the start of the last `lines` lines by scanning backwards in blocks; `role` says what a record is to the reader. Returns what the reader
    /// passes over from there on.
    mutating func seek(toLast lines: Int, _ role: (UnsafeRawBufferPointer) -> LogTail.Role) throws(SystemError) -> LogSkip {
        var segment = segments.count - 1
        if lines <= 0 {
            index = max(segment, 0)
            offset = segment >= 0 ? try size(segment) : 0
            return LogSkip(isError: false, records: 0)
        }
        var tail = LogTail(wanted: lines)
        var beyond: Int64 = 0
        while segment >= 0 {
            if try scanBackwards(segment, length: try size(segment), &tail, &beyond, role) { break }
            segment -= 1
        }
        index = tail.start?.segment ?? 0
        offset = tail.start?.offset ?? 0
        return tail.skip
    }

    private func size(_ segment: Int) throws(SystemError) -> Int64 {
        var info = stat()
        let file = segments[segment].file
        try SystemError.check("fstat", directory) { fstat(file, &info) }
        return Int64(info.st_size)
    }

    /// Shows `tail` the records of a segment, the last one first; true once it has all it wanted, or nothing was new for too long.
    private func scanBackwards(
        _ segment: Int, length: Int64, _ tail: inout LogTail, _ beyond: inout Int64, _ role: (UnsafeRawBufferPointer) -> LogTail.Role
    ) throws(SystemError) -> Bool {
        let blockSize: Int64 = 256 << 10
        let file = segments[segment].file
        var rest: [UInt8] = []
        /// The line being read is longer than any of a log and counts for none.
        var isOverlong = false
        var end = length
        var last = tail.start
        func take(_ bytes: [UInt8], _ from: Int, _ to: Int, at offset: Int64) -> Bool {
            guard to > from else { return false }
            let end = bytes[to - 1] == 0x0A ? to - 1 : to
            let role = bytes.withUnsafeBytes { role(UnsafeRawBufferPointer(rebasing: $0[from..<end])) }
            return tail.take(role, LogTail.Place(segment: segment, offset: offset))
        }
        while end > 0 {
            let start = max(0, end - blockSize)
            let count = Int(end - start)
            var block = [UInt8](repeating: 0, count: count)
            let got = try SystemError.checkRetrying("pread", directory) { pread(file, &block, count, off_t(start)) }
            block.removeLast(count - got)
            block += rest
            var lineEnd = block.count
            var position = block.count - 1
            if position >= 0, block[position] == 0x0A { position -= 1 }
            while position >= 0 {
                if block[position] == 0x0A {
                    if !isOverlong, take(block, position + 1, lineEnd, at: start + Int64(position + 1)) { return true }
                    isOverlong = false
                    lineEnd = position + 1
                }
                position -= 1
            }
            isOverlong = isOverlong || lineEnd > LogLine.maximumLength
            rest = Array(block[0..<(isOverlong ? min(lineEnd, 1) : lineEnd)])
            end = start
            if let found = tail.start {
                beyond = found == last ? beyond + Int64(count) : 0
                if beyond > Self.reach { return true }
            }
            last = tail.start
        }
        return !isOverlong && take(rest, 0, rest.count, at: 0)
    }
}

import Glibc
import LinuxKernel
import Synchronization

/// A file without a name that holds a piece of the older part of a log: readable by nobody else, and gone with the process however that
/// ends. Its room on the disk is free again when nothing in the log refers to it any more.
final class LogSpill: Sendable {
    /// Where a chunk is.
    struct Place: Sendable {
        fileprivate let offset: Int64
        fileprivate let byteCount: Int
        fileprivate let sourceCount: Int
        fileprivate let form: LogChunk.Form
        fileprivate let source: UInt16
        let firstTime: Timestamp?
        let lastTime: Timestamp?
        fileprivate var size: Int { byteCount + sourceCount * 2 }
    }

    private let file: FileDescriptor
    private let end = Mutex<Int64>(0)
    /// The chunks read last, for painting.
    private let recent = Mutex<[(offset: Int64, chunk: LogChunk)]>([])
    private static let kept = 4

    /// A new file in a folder, which is made when it is missing. Blocking.
    init(directory: String) throws(SystemError) {
        try FileSystem.makeDirectories(directory, mode: 0o700)
        do throws(SystemError) {
            file = try FileDescriptor.open(directory, Self.unnamed | O_RDWR, mode: 0o600)
        } catch {
            // Not every file system can make a file without a name: one that loses its name at once is the same.
            guard [EOPNOTSUPP, EISDIR, ENOENT, EINVAL].contains(error.errno) else { throw error }
            let path = "\(directory)/log-\(SecureRandom.hex(8))"
            file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            try FileSystem.removeFile(path)
        }
    }

    /// `O_TMPFILE`, which is no constant for Swift.
    private static let unnamed: CInt = 0o20000000 | O_DIRECTORY

    /// A log goes on in another file after so many bytes.
    static let mostBytes: Int64 = 64 << 20
    /// Whether the log should go on in another file.
    var isFull: Bool { end.withLock { $0 >= Self.mostBytes } }

    /// Writes a chunk at the end. Blocking; one at a time.
    func write(_ chunk: LogChunk) throws(SystemError) -> Place {
        try file.writeAll(chunk.bytes)
        var tags: [UInt8] = []
        tags.reserveCapacity(chunk.sources.count * 2)
        for source in chunk.sources {
            tags.append(UInt8(truncatingIfNeeded: source))
            tags.append(UInt8(truncatingIfNeeded: source >> 8))
        }
        try file.writeAll(tags)
        let size = Int64(chunk.bytes.count + tags.count)
        let offset = end.withLock { end in
            defer { end += size }
            return end
        }
        return Place(
            offset: offset, byteCount: chunk.bytes.count, sourceCount: chunk.sources.count, form: chunk.form, source: chunk.source,
            firstTime: chunk.timestamp(0), lastTime: chunk.timestamp(chunk.count - 1))
    }

    /// Reads a chunk; nil when the disk fails. Blocking, mostly from the page cache.
    func read(_ place: Place) -> LogChunk? {
        var bytes = [UInt8](repeating: 0, count: place.size)
        // best effort: a disk that fails shows as lines that cannot be read.
        let count = try? bytes.withUnsafeMutableBytes { buffer throws(SystemError) in try file.read(into: buffer, at: place.offset) }
        guard count == place.size else { return nil }
        let tags = bytes[place.byteCount...]
        let sources = (0..<place.sourceCount).map { UInt16(tags[tags.startIndex + $0 * 2]) | UInt16(tags[tags.startIndex + $0 * 2 + 1]) << 8 }
        bytes.removeLast(place.sourceCount * 2)
        return LogChunk(bytes, form: place.form, source: place.source, sources: sources)
    }

    /// As ``read(_:)``, remembering the last few for the next line.
    func recall(_ place: Place) -> LogChunk? {
        if let known = recent.withLock({ $0.first { $0.offset == place.offset }?.chunk }) { return known }
        guard let chunk = read(place) else { return nil }
        recent.withLock { recent in
            recent.append((place.offset, chunk))
            if recent.count > Self.kept { recent.removeFirst() }
        }
        return chunk
    }
}

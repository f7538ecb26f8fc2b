import Glibc
import LinuxKernel

/// A file in memory that two processes share: the one that runs inputs puts each there before it runs, so that the other can say which
/// one it died of.
final class FuzzSlot: @unchecked Sendable {
    // Safe because one process only writes, and the other reads bytes and message once that one has ended.
    /// The largest input that fits.
    static let largest = 1 << 20
    private static let messageSize = 4096
    private static let size = 64 + messageSize + largest

    private let memory: UnsafeMutableRawPointer

    /// Maps a file, which is made when it is not there.
    init(_ path: String) throws {
        let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard fd >= 0, ftruncate(fd, off_t(Self.size)) == 0 else { throw SystemError(call: "open", errno: errno, arguments: path) }
        defer { close(fd) }
        guard let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), memory != MAP_FAILED else {
            throw SystemError(call: "mmap", errno: errno, arguments: path)
        }
        self.memory = memory
    }

    deinit { munmap(memory, Self.size) }

    private subscript(_ index: Int) -> Int {
        get { memory.load(fromByteOffset: index * 8, as: Int.self) }
        set { memory.storeBytes(of: newValue, toByteOffset: index * 8, as: Int.self) }
    }

    /// How many inputs have begun.
    var count: Int { self[0] }
    /// How many different things runs were seen to do.
    var features: Int {
        get { self[2] }
        set { self[2] = newValue }
    }
    /// How many inputs were worth keeping.
    var kept: Int {
        get { self[4] }
        set { self[4] = newValue }
    }

    /// The input that runs, or ran last.
    var input: [UInt8] {
        get { Array(UnsafeRawBufferPointer(start: memory + 64 + Self.messageSize, count: min(self[1], Self.largest))) }
        set {
            (memory + 64 + Self.messageSize).copyMemory(from: newValue, byteCount: min(newValue.count, Self.largest))
            self[1] = newValue.count
            self[0] += 1
        }
    }

    /// The rule that the input broke; empty for none.
    var message: String {
        get { String(decoding: UnsafeRawBufferPointer(start: memory + 64, count: min(self[3], Self.messageSize)), as: UTF8.self) }
        set {
            let bytes = Array(newValue.utf8.prefix(Self.messageSize))
            (memory + 64).copyMemory(from: bytes, byteCount: bytes.count)
            self[3] = bytes.count
        }
    }
}

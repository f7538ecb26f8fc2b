internal import Glibc
internal import LinuxKernel

/// An open file that several readers share.
final class SharedFile: Sendable {
    let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
}

/// Part of a file: a blob inside an archive, or a whole file.
struct FileSlice: Sendable {
    let file: SharedFile
    let offset: Int64
    let length: Int64
    /// For messages.
    let name: String

    /// All of it; `tooLarge` above `limit`.
    func readAll(limit: Int64) throws(ImageError) -> [UInt8] {
        guard length <= limit else { throw ImageError(.tooLarge, "\(name) has \(length) bytes; at most \(limit) are read") }
        return try explaining("read \(name)") { () throws(SystemError) -> [UInt8] in
            var failure: SystemError?
            let bytes = [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
                do throws(SystemError) {
                    count = try file.descriptor.read(
                        into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: Int(length)), at: offset)
                } catch { failure = error }
            }
            if let failure { throw failure }
            return bytes
        }
    }

    /// The first bytes, as many as there are up to `count`.
    func prefix(_ count: Int) throws(ImageError) -> [UInt8] {
        try FileSlice(file: file, offset: offset, length: min(length, Int64(count)), name: name).readAll(limit: Int64(count))
    }
}

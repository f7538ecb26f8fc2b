internal import LinuxKernel
internal import Synchronization

/// An archive arriving in pieces; it lies in the store's staging folder without a name until it is whole.
package final class ImageUpload: Sendable {
    private let store: ImageStore
    private let file: SharedFile
    private let size = Mutex<Int64>(0)
    /// Small pieces wait here, so that a thread is started per megabyte and not per packet.
    private let waiting = Mutex<[UInt8]>([])
    private static let writeSize = 1 << 20

    init(_ store: ImageStore) throws(ImageError) {
        self.store = store
        file = try store.temporaryFile()
    }

    /// Adds the next bytes; blocks while they are written. Dropping the upload discards everything.
    package func append(_ bytes: [UInt8]) throws(ImageError) {
        try explaining("receive the archive") { () throws(SystemError) in try file.descriptor.writeAll(bytes) }
        size.withLock { $0 += Int64(bytes.count) }
    }

    /// As `append`, without blocking the caller's thread.
    package func receive(_ bytes: [UInt8]) async throws(ImageError) {
        let full: [UInt8]? = waiting.withLock { waiting in
            waiting += bytes
            guard waiting.count >= Self.writeSize else { return nil }
            defer { waiting = [] }
            return waiting
        }
        guard let full else { return }
        try await KernelThread.run("kdash-images") { () throws(ImageError) in try self.append(full) }
    }

    /// Loads what arrived. Blocks; see `finishLoading`.
    package func finish() throws(ImageError) -> [ImageRecord] {
        let rest = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        if !rest.isEmpty { try append(rest) }
        return try store.load(archive: FileSlice(file: file, offset: 0, length: size.withLock { $0 }, name: "the archive"))
    }

    /// As `finish`, on a thread of its own.
    package func finishLoading() async throws(ImageError) -> [ImageRecord] {
        try await KernelThread.run("kdash-images") { () throws(ImageError) in try self.finish() }
    }
}

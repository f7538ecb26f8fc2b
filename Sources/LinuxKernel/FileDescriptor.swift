internal import CLinux
package import Glibc

/// An owned file descriptor, closed when it goes out of scope.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor's number; valid while this value lives.
    package let raw: CInt

    /// Takes ownership of `raw`, which must be open and owned by nobody else.
    package init(_ raw: CInt) {
        precondition(raw >= 0, "an owned descriptor is never negative")
        self.raw = raw
    }

    deinit { _ = close(raw) }

    /// Gives the descriptor up; the caller closes it.
    package consuming func release() -> CInt {
        let number = raw
        discard self
        return number
    }

    /// A second descriptor for the same open file, CLOEXEC.
    package borrowing func duplicate() throws(SystemError) -> FileDescriptor {
        let number = raw
        return FileDescriptor(try SystemError.check("dup", "\(number)") { fcntl(number, F_DUPFD_CLOEXEC, 3) })
    }

    /// Opens `path` relative to `directory` (default: the working directory); CLOEXEC is always added.
    package static func open(
        _ path: String, _ flags: CInt, mode: mode_t = 0o600, at directory: CInt = AT_FDCWD
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            try SystemError.checkRetrying("open", path) { openat(directory, path, flags | O_CLOEXEC, mode) })
    }

    /// Opens `path` with openat2(2) and the given `KD_RESOLVE_…` restrictions.
    package static func openResolving(
        _ path: String, _ flags: CInt, mode: mode_t = 0, resolve: UInt64, at directory: CInt
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            try SystemError.check("openat2", path) {
                kd_openat2(directory, path, UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), UInt64(mode), resolve)
            })
    }

    /// An anonymous file in memory, CLOEXEC and sealable.
    package static func memory(named name: String) throws(SystemError) -> FileDescriptor {
        FileDescriptor(try SystemError.check("memfd_create", name) { kd_memfd_create(name, 3) })
    }

    /// Forbids every later change to a descriptor made by `memory(named:)`.
    package borrowing func seal() throws(SystemError) {
        let number = raw
        try SystemError.check("fcntl", "F_ADD_SEALS") { kd_memfd_seal(number) }
    }
}

extension FileDescriptor {
    /// Writes all of `bytes`, waiting as often as needed on a blocking descriptor.
    package borrowing func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        try bytes.span.withUnsafeBufferPointer { buffer throws(SystemError) in
            try writeAll(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Writes all of `bytes`.
    package borrowing func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let number = raw
        var rest = bytes
        while !rest.isEmpty {
            let written = try SystemError.checkRetrying("write", "fd \(number)") {
                write(number, rest.baseAddress, rest.count)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Reads at most `maximum` bytes; an empty result means the end of the file.
    package borrowing func read(maximum: Int) throws(SystemError) -> [UInt8] {
        let number = raw
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: maximum) { buffer, count in
            do throws(SystemError) {
                count = try SystemError.checkRetrying("read", "fd \(number)") {
                    Glibc.read(number, buffer.baseAddress, maximum)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills `buffer` from `offset` as far as the file goes; returns how many bytes arrived.
    package borrowing func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        let number = raw
        var done = 0
        while done < buffer.count {
            let got = try SystemError.checkRetrying("pread", "fd \(number)") {
                pread(number, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
            }
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// The file's metadata.
    package borrowing func status() throws(SystemError) -> stat {
        let number = raw
        var info = stat()
        try SystemError.check("fstat", "fd \(number)") { fstat(number, &info) }
        return info
    }

    /// Flushes data and metadata to the device.
    package borrowing func synchronize() throws(SystemError) {
        let number = raw
        try SystemError.checkRetrying("fsync", "fd \(number)") { fsync(number) }
    }

    /// Turns O_NONBLOCK on or off.
    package borrowing func setNonBlocking(_ on: Bool) throws(SystemError) {
        let number = raw
        let flags = try SystemError.check("fcntl", "F_GETFL") { fcntl(number, F_GETFL) }
        try SystemError.check("fcntl", "F_SETFL") { fcntl(number, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) }
    }
}

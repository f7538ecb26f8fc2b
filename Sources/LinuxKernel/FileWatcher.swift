internal import Glibc
internal import Synchronization

/// Tells when files change (inotify(7)); its thread lives only while something is watched.
package final class FileWatcher: Sendable {
    /// What happened to a watched path.
    package struct Change: Sendable {
        /// The path given to `watch`.
        package let path: String
        /// The name inside a watched folder; empty when the path itself changed.
        package let name: String
        /// inotify's `IN_…` bits.
        package let mask: UInt32
    }

    private struct Watch {
        let path: String
        let handler: @Sendable (Change) -> Void
    }

    private struct State {
        var watches: [CInt: Watch] = [:]
        var descriptor: CInt = -1
    }

    private let state = Mutex(State())
    private let wake: EventFD

    package init() throws(SystemError) { wake = try EventFD() }

    deinit { wake.signal() }

    /// Default events: content written and closed, created, deleted, moved.
    package static let defaultMask = UInt32(
        IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

    /// Calls `handler` on the watcher's thread for each change of `path`; returns a number for `stop`.
    package func watch(
        _ path: String, mask: UInt32 = FileWatcher.defaultMask, handler: @escaping @Sendable (Change) -> Void
    ) throws(SystemError) -> CInt {
        let result: Result<CInt, SystemError> = state.withLock { state in
            if state.descriptor < 0 {
                let fd = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
                guard fd >= 0 else { return .failure(.last("inotify_init1")) }
                state.descriptor = fd
                startThread(fd)
            }
            let id = inotify_add_watch(state.descriptor, path, mask)
            guard id >= 0 else { return .failure(.last("inotify_add_watch", path)) }
            state.watches[id] = Watch(path: path, handler: handler)
            return .success(id)
        }
        return try result.get()
    }

    /// Ends one watch; ending the last ends the thread.
    package func stop(_ id: CInt) {
        state.withLock { state in
            guard state.watches.removeValue(forKey: id) != nil else { return }
            inotify_rm_watch(state.descriptor, id)
            if state.watches.isEmpty {
                state.descriptor = -1
                wake.signal()
            }
        }
    }

    private func startThread(_ fd: CInt) {
        let wake = wake
        KernelThread.start("kdash-inotify") { [weak self] in
            defer { close(fd) }
            while (try? pollReadable([fd, wake.raw])) != nil {  // best effort: a failing poll ends the watch
                wake.drain()
                guard let self, self.state.withLock({ $0.descriptor == fd }) else { return }
                self.deliver(from: fd)
            }
        }
    }

    private func deliver(from fd: CInt) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16384, alignment: 8)
        defer { buffer.deallocate() }
        let size = read(fd, buffer.baseAddress, buffer.count)
        var position = 0
        while position + 16 <= size {
            let id = buffer.loadUnaligned(fromByteOffset: position, as: CInt.self)
            let mask = buffer.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
            let length = Int(buffer.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self))
            let name = buffer[(position + 16)..<(position + 16 + length)].prefix { $0 != 0 }
            position += 16 + length
            let watch = state.withLock { $0.watches[id] }
            watch?.handler(Change(path: watch?.path ?? "", name: String(decoding: name, as: UTF8.self), mask: mask))
        }
    }
}

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

    /// One path of inotify's, and everybody who asked for it: the kernel gives a path that is watched already the same number again.
    private struct Watch {
        let path: String
        var handlers: [Int: @Sendable (Change) -> Void] = [:]
    }

    private struct State {
        var watches: [CInt: Watch] = [:]
        /// Which of the kernel's numbers each of ours belongs to.
        var owners: [Int: CInt] = [:]
        var next = 1
        var descriptor: CInt = -1
    }

    private let state = Mutex(State())
    private let wake: EventFD

    package init() throws(SystemError) { wake = try EventFD() }

    deinit { wake.signal() }

    /// Content written and closed, created, deleted, moved.
    private static let mask = UInt32(
        IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

    /// Calls `handler` on the watcher's thread for each change of `path`, and with an empty name when the kernel lost count of the changes;
    /// returns a number for `stop`. The same path may be watched many times.
    package func watch(_ path: String, handler: @escaping @Sendable (Change) -> Void) throws(SystemError) -> Int {
        let result: Result<Int, SystemError> = state.withLock { state in
            let isFirst = state.descriptor < 0
            let fd = isFirst ? inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK)) : state.descriptor
            guard fd >= 0 else { return .failure(.last("inotify_init1")) }
            let descriptor = inotify_add_watch(fd, path, Self.mask)
            guard descriptor >= 0 else {
                let failure = SystemError.last("inotify_add_watch", path)
                if isFirst { close(fd) }
                return .failure(failure)
            }
            if isFirst {
                state.descriptor = fd
                startThread(fd)
            }
            let id = state.next
            state.next += 1
            state.owners[id] = descriptor
            state.watches[descriptor, default: Watch(path: path)].handlers[id] = handler
            return .success(id)
        }
        return try result.get()
    }

    /// Ends one watch; ending the last ends the thread.
    package func stop(_ id: Int) {
        state.withLock { state in
            guard let descriptor = state.owners.removeValue(forKey: id) else { return }
            state.watches[descriptor]?.handlers[id] = nil
            guard state.watches[descriptor]?.handlers.isEmpty ?? true else { return }
            state.watches[descriptor] = nil
            // Refused when the path is gone, and the watch with it.
            inotify_rm_watch(state.descriptor, descriptor)
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
            for watch in told(of: id, mask, by: fd) {
                let change = Change(path: watch.path, name: String(decoding: name, as: UTF8.self), mask: mask)
                for handler in watch.handlers.values { handler(change) }
            }
        }
    }

    /// Whom an event concerns: everybody when some were dropped, for nobody knows whose.
    private func told(of id: CInt, _ mask: UInt32, by fd: CInt) -> [Watch] {
        state.withLock { state in
            // What the last watch left behind must not reach a later one of the same number.
            guard state.descriptor == fd else { return [] }
            if mask & UInt32(IN_Q_OVERFLOW) != 0 { return Array(state.watches.values) }
            return state.watches[id].map { [$0] } ?? []
        }
    }
}

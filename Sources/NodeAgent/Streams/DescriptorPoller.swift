import Glibc
import LinuxKernel
import Synchronization

/// Waits for descriptors on one thread that exists only while there is something to wait for.
final class DescriptorPoller: Sendable {
    private struct Waiter {
        let events: Int16
        let ready: @Sendable () -> Void
    }

    private struct State {
        var waiting: [CInt: Waiter] = [:]
        var isRunning = false
    }

    private let state = Mutex(State())
    private let changed: EventFD

    init() throws(SystemError) {
        changed = try EventFD()
    }

    /// Calls `ready` once, on the poller's thread, when `fd` has bytes, room (`writing`), or is broken.
    func wait(for fd: CInt, writing: Bool = false, _ ready: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.waiting[fd] = Waiter(events: Int16(writing ? POLLOUT : POLLIN), ready: ready)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { KernelThread.start("kdash-poll") { [self] in loop() } } else { changed.signal() }
    }

    /// Stops waiting for `fd`, which may then be closed; its callback is called once more.
    func cancel(_ fd: CInt) {
        let waiter = state.withLock { $0.waiting.removeValue(forKey: fd) }
        changed.signal()
        waiter?.ready()
    }

    private func loop() {
        while let wanted = next() {
            var list = [pollfd(fd: changed.raw, events: Int16(POLLIN), revents: 0)]
            list += wanted.map { pollfd(fd: $0.key, events: $0.value, revents: 0) }
            guard poll(&list, nfds_t(list.count), -1) > 0 else { continue }
            if list[0].revents != 0 { changed.drain() }
            for entry in list.dropFirst() where entry.revents != 0 {
                let waiter = state.withLock { $0.waiting.removeValue(forKey: entry.fd) }
                waiter?.ready()
            }
        }
    }

    /// What to wait for; nil ends the thread.
    private func next() -> [CInt: Int16]? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.isRunning = false
                return nil
            }
            return state.waiting.mapValues(\.events)
        }
    }
}

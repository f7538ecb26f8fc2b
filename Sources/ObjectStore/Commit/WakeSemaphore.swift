import Glibc

/// A counter a thread can sleep on (sem_overview(7)).
final class WakeSemaphore: @unchecked Sendable {
    // Safe because the semaphore's own operations are.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Lets one `wait` return, now or later.
    func signal() {
        sem_post(semaphore)
    }

    /// Blocks the calling thread until there is a signal, and takes it.
    func wait() {
        while sem_wait(semaphore) != 0 && errno == EINTR {}
    }
}

internal import Glibc

/// The one clock that code is given: wall time for stamps, monotonic time for durations, and sleeping.
package protocol TimeSource: Sendable {
    /// Wall-clock time, for stamps that people and other machines read.
    func now() -> Timestamp
    /// Time since an arbitrary start that never goes back, for measuring and for deadlines.
    func monotonic() -> Duration
    /// Returns after `duration` of monotonic time; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The kernel's clocks.
package struct SystemTimeSource: TimeSource {
    package init() {}

    package func now() -> Timestamp { .now() }

    package func monotonic() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    package func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}

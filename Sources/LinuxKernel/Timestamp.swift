internal import Glibc

/// A moment of wall-clock time, UTC, to the nanosecond.
package struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z.
    package var seconds: Int64
    /// 0 ..< 1_000_000_000.
    package var nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The system clock now.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool {
        (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
    }

    /// How much later `a` is than `b`; negative when it is earlier. Saturates instead of overflowing.
    package static func - (a: Timestamp, b: Timestamp) -> Duration {
        let (seconds, overflow) = a.seconds.subtractingReportingOverflow(b.seconds)
        let whole = overflow ? (a.seconds > 0 ? Int64.max / 4 : Int64.min / 4) : seconds
        return .seconds(whole) + .nanoseconds(Int64(a.nanoseconds) - Int64(b.nanoseconds))
    }

    /// This moment moved by `duration`; saturates at the ends of `Int64` seconds.
    package func advanced(by duration: Duration) -> Timestamp {
        let parts = duration.components
        var nanos = Int64(nanoseconds) + parts.attoseconds / 1_000_000_000
        var carry: Int64 = 0
        if nanos >= 1_000_000_000 { (nanos, carry) = (nanos - 1_000_000_000, 1) }
        if nanos < 0 { (nanos, carry) = (nanos + 1_000_000_000, -1) }
        let (sum, first) = seconds.addingReportingOverflow(parts.seconds)
        let (total, second) = sum.addingReportingOverflow(carry)
        guard !first, !second else {
            return Timestamp(seconds: parts.seconds > 0 ? .max : .min, nanoseconds: 0)
        }
        return Timestamp(seconds: total, nanoseconds: Int32(nanos))
    }

    /// The same moment without its fraction, as Kubernetes stores `metav1.Time`.
    package var wholeSeconds: Timestamp { Timestamp(seconds: seconds) }

    /// Same as `rfc3339Nano`.
    package var description: String { rfc3339Nano }
}

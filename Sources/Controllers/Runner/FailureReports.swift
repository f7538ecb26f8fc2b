/// Which failures of a controller are said aloud: a handful at once, then one every few seconds, so that a cluster in trouble does not
/// drown its own log.
struct FailureReports: Sendable {
    static let most = 5
    static let pause = Duration.seconds(12)

    private var left = most
    private var last = Duration.zero
    private var unsaid = 0

    /// How many were passed over since the last that was said, when this one is to be said; else nil. `now` is monotonic.
    mutating func report(at now: Duration) -> Int? {
        let earned = Int((now - last) / Self.pause)
        if earned > 0 {
            left = min(Self.most, left + min(earned, Self.most))
            last = now
        }
        guard left > 0 else {
            unsaid += 1
            return nil
        }
        left -= 1
        defer { unsaid = 0 }
        return unsaid
    }
}

/// When the next frame may be painted: at most 60 a second, and no more bytes a second than a slow line carries (64 kB/s for 80x24, more for larger
/// screens), except that a key press is always answered at once.
struct FramePacer {
    static let interval = Duration.nanoseconds(16_666_667)
    /// A key is painted this soon after another frame, unless that one was early too.
    static let keyInterval = Duration.milliseconds(4)
    /// Bytes per second for every 80x24 of screen; below the target of 64 kB so that bursts stay within it.
    static let byteRate = 56_000

    private var lastFrame: ContinuousClock.Instant?
    private var wasEarly = false
    private var debt = 0.0
    private var rate = Double(byteRate)

    /// The earliest moment for a frame.
    func earliest(afterInput: Bool) -> ContinuousClock.Instant? {
        guard let lastFrame else { return nil }
        if afterInput { return lastFrame.advanced(by: wasEarly ? Self.interval : Self.keyInterval) }
        let owed = Duration.seconds(max(0, debt) / rate)
        return lastFrame.advanced(by: max(Self.interval, min(owed, .milliseconds(250))))
    }

    /// Accounts for a painted frame.
    mutating func painted(bytes: Int, columns: Int, rows: Int, at now: ContinuousClock.Instant) {
        rate = Double(Self.byteRate) * max(1, Double(columns * rows) / 1920)
        if let lastFrame {
            wasEarly = lastFrame.duration(to: now) < Self.interval && !wasEarly
            let elapsed = lastFrame.duration(to: now).components
            debt = max(0, debt - (Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18) * rate)
        }
        debt += Double(bytes)
        lastFrame = now
    }
}

/// When the next frame may be painted: at most 60 a second, and no more bytes a second than a slow line carries (64 kB/s for 80x24, more for larger
/// screens), except that a key press is always answered at once. A line that is slower still makes a frame wait; from then on frames are left out,
/// so that what is on its way to the terminal stays short and what arrives is current.
struct FramePacer {
    static let interval = Duration.nanoseconds(16_666_667)
    /// A key is painted this soon after another frame, unless that one was early too.
    static let keyInterval = Duration.milliseconds(4)
    /// Bytes per second for every 80x24 of screen; below the target of 64 kB so that bursts stay within it.
    static let byteRate = 56_000
    /// A frame that waits so long to be taken has filled what lies between program and terminal.
    static let slowness = Duration.milliseconds(50)
    /// How much that is on its way then: the buffer of a pseudo-terminal.
    static let backlog = 8192.0
    /// On a slow line a key is answered while no more than this is on its way.
    static let keyBacklog = Duration.milliseconds(150)
    /// Less than this is no line, but one that somebody has stopped with Ctrl-S.
    static let slowestRate = 400.0

    private var lastFrame: ContinuousClock.Instant?
    private var wasEarly = false
    private var debt = 0.0
    private var rate = Double(byteRate)
    /// Bytes a second that a line which made frames wait is taken to carry; nil for one that never did, or no longer does.
    private var slowRate: Double?
    /// When a frame had to wait last, and how many bytes were painted since: between two such moments the line has carried what was painted.
    private var lastFull: (at: ContinuousClock.Instant, bytes: Double)?
    /// Until when ``slowRate`` is believed; then it is tried whether the line carries more.
    private var believedUntil: ContinuousClock.Instant?

    /// The earliest moment for a frame.
    func earliest(afterInput: Bool) -> ContinuousClock.Instant? {
        guard let lastFrame else { return nil }
        let owed = Duration.seconds(max(0, debt) / rate)
        if slowRate != nil {
            let wait = min(owed - (afterInput ? Self.keyBacklog : .zero), .seconds(5))
            return lastFrame.advanced(by: max(afterInput ? Self.keyInterval : Self.interval, wait))
        }
        if afterInput { return lastFrame.advanced(by: wasEarly ? Self.interval : Self.keyInterval) }
        return lastFrame.advanced(by: max(Self.interval, min(owed, .milliseconds(250))))
    }

    /// Accounts for a painted frame, which the terminal took after `waited`.
    mutating func painted(bytes: Int, columns: Int, rows: Int, at now: ContinuousClock.Instant, waited: Duration = .zero) {
        let full = Double(Self.byteRate) * max(1, Double(columns * rows) / 1920)
        if let lastFrame {
            wasEarly = lastFrame.duration(to: now) < Self.interval && !wasEarly
            debt = max(0, debt - lastFrame.duration(to: now).inSeconds * rate)
        }
        debt += Double(bytes)
        lastFrame = now
        lastFull?.bytes += Double(bytes)
        if waited > Self.slowness {
            slowDown(bytes, waited, now)
        } else if let known = slowRate, bytes > 0, believedUntil.map({ now > $0 }) ?? true {
            slowRate = known * 1.05
        }
        if let known = slowRate, known >= full { slowRate = nil }
        rate = slowRate ?? full
    }

    /// A frame had to wait: what lies between here and the terminal is full.
    private mutating func slowDown(_ bytes: Int, _ waited: Duration, _ now: ContinuousClock.Instant) {
        defer { lastFull = (now, 0) }
        // Only a part of the frame had to wait, so that this alone is more than the line carries.
        var seen = Double(bytes) / waited.inSeconds / 2
        believedUntil = nil
        if let last = lastFull, last.at.duration(to: now) < .seconds(60) {
            seen = last.bytes / last.at.duration(to: now).inSeconds
            believedUntil = now.advanced(by: .seconds(30))
        }
        slowRate = seen < Self.slowestRate ? nil : seen * 0.95
        debt = slowRate == nil ? 0 : max(debt, Self.backlog)
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

import Testing

@testable import TerminalUI

/// Frames through a line of a given speed and the buffer of a pseudo-terminal before it.
private struct SlowLine {
    private(set) var now = ContinuousClock.now
    private(set) var backlog = 0.0
    private(set) var frames = 0
    private var pacer = FramePacer()
    var speed: Double

    init(speed: Double) { self.speed = speed }

    /// Lets milliseconds pass in which something changes all the time, and keys are pressed where `hasKeys` says so.
    mutating func pass(milliseconds: Int, frame: Int, hasKeys: Bool = false) {
        let end = now.advanced(by: .milliseconds(milliseconds))
        while now < end {
            now = now.advanced(by: .milliseconds(1))
            backlog = max(0, backlog - speed / 1000)
            if let earliest = pacer.earliest(afterInput: hasKeys), earliest > now { continue }
            paint(frame)
        }
    }

    private mutating func paint(_ bytes: Int) {
        frames += 1
        backlog += Double(bytes)
        // What does not fit makes the program wait.
        let waited = Duration.seconds(max(0, backlog - FramePacer.backlog) / speed)
        now = now.advanced(by: waited)
        backlog = min(backlog, FramePacer.backlog)
        pacer.painted(bytes: bytes, columns: 80, rows: 24, at: now, waited: waited)
    }
}

@Suite struct FramePacerTests {
    @Test(arguments: [false, true]) func `a slow line carries current frames and no queue of old ones`(hasKeys: Bool) {
        var line = SlowLine(speed: 2000)
        line.pass(milliseconds: 25_000, frame: 500, hasKeys: hasKeys)
        let before = line.frames
        var longest = 0.0
        for _ in 0..<10 {
            line.pass(milliseconds: 1000, frame: 500, hasKeys: hasKeys)
            longest = max(longest, line.backlog)
        }
        #expect(longest <= 3000, "\(longest) bytes on their way")
        #expect(line.frames - before >= 20, "\(line.frames - before) frames in ten seconds")
    }

    @Test func `a line that is fast again is used again`() {
        var line = SlowLine(speed: 2000)
        line.pass(milliseconds: 10_000, frame: 500)
        line.speed = 1_000_000
        line.pass(milliseconds: 60_000, frame: 500)
        let before = line.frames
        line.pass(milliseconds: 1000, frame: 500)
        #expect(line.frames - before >= 50)
    }

    @Test func `a terminal that was stopped for long is no slow line`() {
        var pacer = FramePacer()
        let start = ContinuousClock.now
        pacer.painted(bytes: 500, columns: 80, rows: 24, at: start)
        pacer.painted(bytes: 500, columns: 80, rows: 24, at: start.advanced(by: .seconds(60)), waited: .seconds(59))
        #expect(pacer.earliest(afterInput: false) == start.advanced(by: .seconds(60) + FramePacer.interval))
    }
}

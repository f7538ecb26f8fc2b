import Testing

@testable import NodeAgent

struct BackOffTests {
    @Test func `the first restart is immediate and later pauses double up to five minutes`() {
        var backOff = BackOff()
        var delays: [Duration] = []
        for _ in 0..<8 {
            backOff.failed()
            delays.append(backOff.restartDelay)
        }
        #expect(delays == [0, 10, 20, 40, 80, 160, 300, 300].map { .seconds($0) })
    }

    @Test func `a retry waits from the first failure on`() {
        var backOff = BackOff()
        backOff.failed()
        #expect(backOff.retryDelay == .seconds(10))
        backOff.failed()
        #expect(backOff.retryDelay == .seconds(20))
    }

    @Test func `ten minutes of success forget earlier failures`() {
        var backOff = BackOff()
        for _ in 0..<5 { backOff.failed() }
        backOff.failed(after: .seconds(600))
        #expect(backOff.failures == 1)
        #expect(backOff.restartDelay == .zero)
    }
}

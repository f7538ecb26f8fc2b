import Synchronization
import Testing

@testable import LinuxKernel

@Suite(.timeLimit(.minutes(5))) struct ManualTimeSourceTests {
    @Test func `sleepers wake in the order of their deadlines`() async throws {
        let time = ManualTimeSource()
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, seconds) in [3, 1, 2].enumerated() {
                group.addTask {
                    try await time.sleep(for: .seconds(seconds))
                    order.list.withLock { $0.append(seconds) }
                }
                await time.waitForSleepers(index + 1)
            }
            for expected in 1...3 {
                time.advance(by: .seconds(1))
                try await group.next()
                #expect(order.list.withLock { $0 } == Array(1...expected))
            }
        }
        #expect(time.monotonic() == .seconds(3))
    }

    @Test func `a cancelled sleeper leaves and the clock stands still`() async {
        let time = ManualTimeSource(at: Timestamp(seconds: 100))
        let task = Task { try await time.sleep(for: .seconds(9)) }
        await time.waitForSleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(time.sleeperCount == 0)
        #expect(time.now() == Timestamp(seconds: 100))
    }

    @Test func `waiting for sleepers ends with the task that waits`() async {
        let time = ManualTimeSource()
        let waiting = Task { await time.waitForSleepers() }
        waiting.cancel()
        await waiting.value
        #expect(time.sleeperCount == 0)
    }
}

private final class Order: Sendable {
    let list = Mutex<[Int]>([])
}

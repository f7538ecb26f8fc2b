import KubeClient
import LinuxKernel
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct WorkQueueTests {
    @Test func `a key waits once and in order`() async {
        let queue = WorkQueue<String>(time: ManualTimeSource())
        for key in ["a", "b", "a", "c", "b"] { queue.add(key) }
        #expect(queue.count == 3)
        var seen: [String] = []
        for _ in 0..<3 {
            if let key = await queue.next() {
                seen.append(key)
                queue.done(key)
            }
        }
        #expect(seen == ["a", "b", "c"])
        #expect(queue.isIdle)
    }

    @Test func `a key added while it is worked on comes again after that, never at the same time`() async {
        let queue = WorkQueue<String>(time: ManualTimeSource())
        queue.add("a")
        #expect(await queue.next() == "a")
        queue.add("a")
        queue.add("a")
        #expect(queue.count == 0)
        queue.done("a")
        #expect(queue.count == 1)
        #expect(await queue.next() == "a")
        queue.done("a")
        #expect(queue.isIdle)
    }

    @Test func `delayed keys come at their earliest time`() async {
        let time = ManualTimeSource()
        let queue = WorkQueue<String>(time: time)
        queue.add("late", after: .seconds(10))
        queue.add("early", after: .seconds(5))
        queue.add("late", after: .seconds(3))
        queue.add("late", after: .seconds(60))
        #expect(queue.count == 0)
        let worker = Task { [await queue.next(), await queue.next()] }
        await time.waitForSleepers(1)
        time.advance(by: .seconds(3))
        await time.waitForSleepers(1)
        time.advance(by: .seconds(2))
        #expect(await worker.value == ["late", "early"])
        queue.done("late")
        queue.done("early")
        #expect(queue.isIdle)
    }

    @Test func `failures make the pause grow up to its limit, and are forgotten`() {
        let time = ManualTimeSource()
        let queue = WorkQueue<String>(time: time, firstDelay: .milliseconds(5), maximumDelay: .seconds(1))
        for _ in 0..<60 { queue.addRateLimited("a") }
        #expect(queue.failures(of: "a") == 60)
        queue.forget("a")
        #expect(queue.failures(of: "a") == 0)
    }

    @Test func `a worker that waits is woken by a key, by the end and by cancellation`() async {
        let queue = WorkQueue<String>(time: ManualTimeSource())
        let first = Task { await queue.next() }
        queue.add("a")
        #expect(await first.value == "a")
        let cancelled = Task { await queue.next() }
        cancelled.cancel()
        #expect(await cancelled.value == nil)
        let ended = Task { await queue.next() }
        queue.shutDown()
        #expect(await ended.value == nil)
        queue.add("b")
        #expect(await queue.next() == nil)
    }

    @Test func `many workers see every key and none twice at once`() async {
        let queue = WorkQueue<Int>(time: SystemTimeSource(), firstDelay: .microseconds(10))
        struct Seen { var active: Set<Int> = [], overlaps = 0, done: [Int: Int] = [:] }
        let seen = Mutex(Seen())
        let workers = Task {
            await queue.run(workers: 8) { key in
                seen.withLock { seen in
                    if !seen.active.insert(key).inserted { seen.overlaps += 1 }
                }
                await Task.yield()
                let count = seen.withLock { seen in
                    seen.active.remove(key)
                    seen.done[key, default: 0] += 1
                    return seen.done[key] ?? 0
                }
                return count < 3 ? .failed : .done
            }
        }
        for key in 0..<200 { queue.add(key) }
        while !queue.isIdle, !Task.isCancelled { await Task.yield() }
        queue.shutDown()
        await workers.value
        #expect(seen.withLock { $0.overlaps } == 0)
        #expect(seen.withLock { seen in (0..<200).allSatisfy { seen.done[$0] == 3 } })
    }
}

import APIMachinery
import KubeClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct StreamTests {
    @Test func `bytes come out in order and in the size asked for, then the end`() async throws {
        let channel = ByteChannel()
        channel.send([1, 2, 3])
        channel.send([4])
        channel.finish()
        #expect(try await channel.next(maximum: 2) == [1, 2])
        #expect(try await channel.next(maximum: 2) == [3])
        #expect(try await channel.next() == [4])
        #expect(try await channel.next() == nil)
        #expect(try await channel.next() == nil)
        #expect(!channel.send([5]))
    }

    @Test func `a waiting reader is woken by bytes, by a failure and by cancellation`() async throws {
        let channel = ByteChannel()
        async let first = channel.next()
        channel.send([7])
        #expect(try await first == [7])
        async let second = channel.next()
        channel.fail(APIStatus.badRequest("broken"))
        await #expect(throws: APIStatus.self) { try await channel.next() }
        _ = try? await second  // it saw the same failure

        let other = ByteChannel()
        let told = Mutex(false)
        other.whenCancelled { told.withLock { $0 = true } }
        let reader = Task { try await other.next() }
        reader.cancel()
        #expect(try await reader.value == nil)
        #expect(told.withLock { $0 })
    }

    @Test func `a feeder is told to wait above the mark and called when there is room`() async throws {
        let channel = ByteChannel(highWaterMark: 4)
        #expect(channel.send([1, 2, 3]))
        #expect(!channel.send([4, 5, 6]))
        let calls = Mutex(0)
        channel.whenDrained { calls.withLock { $0 += 1 } }
        #expect(calls.withLock { $0 } == 0)
        _ = try await channel.next()
        #expect(calls.withLock { $0 } == 1)
        channel.whenDrained { calls.withLock { $0 += 1 } }
        #expect(calls.withLock { $0 } == 2)
    }

    @Test func `a source says once that it is over, however it ends`() {
        let count = Mutex(0)
        func ending(_ channel: ByteChannel) -> EndingSource { EndingSource(channel) { count.withLock { $0 += 1 } } }
        let read = ending(ByteChannel([1, 2]))
        guard case .bytes(let bytes) = read.poll(maximum: 9), bytes == [1, 2], count.withLock({ $0 }) == 0 else {
            Issue.record("the bytes do not come before the end")
            return
        }
        for _ in 0..<2 { _ = read.poll(maximum: 9) }
        read.cancel()
        #expect(count.withLock { $0 } == 1)

        let broken = ByteChannel()
        let failing = ending(broken)
        guard case .pending = failing.poll(maximum: 9), count.withLock({ $0 }) == 1 else {
            Issue.record("a source that waits is not over")
            return
        }
        broken.fail(.badRequest("broken"))
        guard case .failed = failing.poll(maximum: 9) else {
            Issue.record("the failure is not passed on")
            return
        }
        #expect(count.withLock { $0 } == 2)

        let inner = ByteChannel()
        let givenUp = ending(inner)
        let wasTold = Mutex(false)
        inner.whenCancelled { wasTold.withLock { $0 = true } }
        givenUp.cancel()
        #expect(count.withLock { $0 } == 3 && wasTold.withLock { $0 })

        do { _ = ending(ByteChannel()) }
        #expect(count.withLock { $0 } == 4)
    }

    @Test(arguments: [1, 2, 3, 5, 100])
    func `lines are found wherever the pieces are cut`(size: Int) async throws {
        let text = Array("one\n\ntwo three\nlast".utf8)
        let channel = ByteChannel()
        for start in stride(from: 0, to: text.count, by: size) { channel.send(Array(text[start..<min(text.count, start + size)])) }
        channel.finish()
        var reader = LineReader(channel)
        var lines: [String] = []
        while let line = try await reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        #expect(lines == ["one", "", "two three", "last"])
    }

    @Test func `collecting stops at its limit`() async {
        let error = await #expect(throws: APIStatus.self) { try await ByteChannel([1, 2, 3]).collect(limit: 2) }
        #expect(error?.code == 413)
    }

    @Test(arguments: ["x", "{}", "{\"type\":\"ADDED\"}", "{\"type\":\"NEW\",\"object\":{}}", "{\"type\":\"ADDED\",\"object\":1}"])
    func `a line that is no watch event is an error`(text: String) {
        #expect(throws: APIStatus.self) { try WatchEvent(line: Array(text.utf8)) }
    }
}

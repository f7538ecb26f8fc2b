import APIMachinery
import JSONCore
import KubeSchemas
import Testing

@testable import Scheduler

@Suite struct SchedulingQueueTests {
    @Test func `pods come by priority, then by arrival`() {
        var queue = SchedulingQueue()
        queue.put(pod("a"))
        queue.put(pod("b"))
        queue.put(pod("c", spec: ["priority": 10]))
        let names = [queue.next()?.name, queue.next()?.name, queue.next()?.name, queue.next()?.name]
        #expect(names == ["c", "a", "b", nil])
    }

    @Test func `a pod that fits nowhere waits until something changes`() {
        var queue = SchedulingQueue()
        queue.put(pod("a"))
        _ = queue.next()
        var withStatus = pod("a")
        withStatus.object["status", "phase"] = "Pending"
        queue.put(withStatus)
        #expect(!queue.hasWork)
        queue.retryAll()
        let next = queue.next()
        #expect(next?.name == "a")
    }

    @Test func `a bound or deleted pod is forgotten`() {
        var queue = SchedulingQueue()
        queue.put(pod("a"))
        queue.remove(podWithUID: "uid-a")
        queue.retryAll()
        let next = queue.next()
        #expect(next == nil)
    }
}

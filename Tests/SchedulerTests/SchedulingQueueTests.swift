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

    @Test func `pods with the same rules are compared once, and only those that a change may help are tried`() {
        var queue = SchedulingQueue()
        for name in ["a", "b"] { queue.put(pod(name, spec: rule("podAffinity", term("web")))) }
        queue.put(pod("c", spec: rule("podAffinity", term("db"))))
        queue.put(pod("plain"))
        while queue.next() != nil {}
        var comparisons = 0
        queue.retryAttentive { rules in
            comparisons += 1
            return rules.mayBeHelped(byArrivalOf: GroupMember(pod("w", labels: ["app": "web"])), [:])
        }
        #expect(comparisons == 2)
        let names = [queue.next()?.name, queue.next()?.name, queue.next()?.name]
        #expect(Set(names) == ["a", "b", nil])
        // With other rules it is compared by those.
        queue.put(pod("a", spec: rule("podAffinity", term("db"))))
        while queue.next() != nil {}
        queue.retryAttentive { $0.mayBeHelped(byArrivalOf: GroupMember(pod("w", labels: ["app": "web"])), [:]) }
        let next = [queue.next()?.name, queue.next()?.name]
        #expect(next == ["b", nil])
        queue.remove(podWithUID: "uid-b")
        queue.retryAttentive { _ in true }
        let rest = [queue.next()?.name, queue.next()?.name, queue.next()?.name]
        #expect(Set(rest) == ["a", "c", nil])
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

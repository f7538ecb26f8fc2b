import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct InformerTests {
    /// A pod server: what it lists, and a channel for each watch in turn.
    private final class PodServer: Sendable {
        struct State {
            var lists: [APIResponse] = []
            var watches: [APIResponse] = []
        }
        let state = Mutex(State())
        let watchCount = Mutex(0)

        func makeServer() -> FakeServer {
            FakeServer { request in
                if request.queryFlag("watch") {
                    self.watchCount.withLock { $0 += 1 }
                    return self.state.withLock { $0.watches.isEmpty ? .lines(ByteChannel()) : $0.watches.removeFirst() }
                }
                return self.state.withLock { $0.lists.count > 1 ? $0.lists.removeFirst() : $0.lists[0] }
            }
        }
    }

    private func recorder(_ informer: Informer) -> Recorder {
        let box = Recorder()
        informer.addHandler { event in
            let text =
                switch event {
                case .added(let object): "+\(object.name)@\(object.resourceVersion)"
                case .updated(let old, let new): "\(new.name)@\(old.resourceVersion)>\(new.resourceVersion)"
                case .deleted(let object): "-\(object.name)"
                }
            box.add(text)
        }
        return box
    }

    @Test func `it lists page by page, then follows the watch`() async {
        let pods = PodServer()
        let channel = ByteChannel()
        pods.state.withLock {
            $0.lists = [
                .json(podList([pod("a", revision: 1)], revision: 5, next: "more")), .json(podList([pod("b", revision: 2)], revision: 5)),
            ]
            $0.watches = [.lines(channel)]
        }
        let server = pods.makeServer()
        let informer = Informer(client: server.client(), resource: podResource, time: ManualTimeSource())
        informer.addIndex("node") { [$0.string("spec", "nodeName") ?? ""] }
        let events = recorder(informer)
        let running = Task { await informer.run() }
        await informer.waitUntilSynced()
        #expect(informer.all().map(\.name) == ["a", "b"])
        #expect(informer.lastRevision == 5)
        channel.send(
            line("ADDED", pod("c", revision: 6, node: "n1")) + line("MODIFIED", pod("a", revision: 7, node: "n1"))
                + line("DELETED", pod("b", revision: 8)))
        await informer.waitUntil(revision: 8)
        #expect(informer.all().map(\.name) == ["a", "c"])
        #expect(informer.byIndex("node", "n1").map(\.name) == ["a", "c"])
        #expect(informer.byIndex("node", "").isEmpty)
        // What is kept only to be read faster makes no difference.
        informer.shrink()
        #expect(informer.byIndex("node", "n1").map(\.name) == ["a", "c"])
        channel.send(line("BOOKMARK", ["kind": "Pod", "metadata": ["resourceVersion": "20"]]))
        await informer.waitUntil(revision: 20)
        #expect(events.all == ["+a@1", "+b@2", "+c@6", "a@1>7", "-b"])
        informer.shrink()
        channel.send(line("MODIFIED", pod("c", revision: 21, node: "n2")))
        await informer.waitUntil(revision: 21)
        #expect(informer.byIndex("node", "n1").map(\.name) == ["a"])
        #expect(informer.byIndex("node", "n2").map(\.name) == ["c"])
        #expect(informer.get(namespace: "default", name: "a")?.resourceVersion == "7")
        #expect(informer.get(namespace: "default", name: "b") == nil)
        running.cancel()
        await running.value
        #expect(
            server.requests.withLock { $0.map { $0.queryValue("continue") ?? $0.queryValue("resourceVersion") ?? "" } } == [
                "", "more", "5",
            ])
    }

    @Test func `a revision that is too old makes it list again and tell what was deleted meanwhile`() async {
        let pods = PodServer()
        let first = ByteChannel()
        pods.state.withLock {
            $0.lists = [
                .json(podList([pod("a", revision: 1), pod("b", revision: 2), pod("c", revision: 3)], revision: 5)),
                .json(podList([pod("a", revision: 1), pod("b", revision: 9), pod("c", revision: 10, uid: "other")], revision: 30)),
            ]
            $0.watches = [.lines(first)]
        }
        let time = ManualTimeSource()
        let informer = Informer(client: pods.makeServer().client(), resource: podResource, time: time)
        let events = recorder(informer)
        let running = Task { await informer.run() }
        await informer.waitUntilSynced()
        first.send(line("ADDED", pod("d", revision: 6)) + line("ERROR", APIStatus.expired("too old").value))
        await informer.waitUntil(revision: 6)
        await time.waitForSleepers(1)
        time.advance(by: .seconds(1))
        await informer.waitUntil(revision: 30)
        #expect(informer.all().map(\.name) == ["a", "b", "c"])
        #expect(events.all == ["+a@1", "+b@2", "+c@3", "+d@6", "-d", "b@2>9", "-c", "+c@10"])
        running.cancel()
        await running.value
    }

    @Test func `a lost watch is taken up where it ended, without a list`() async {
        let pods = PodServer()
        let first = ByteChannel()
        let second = ByteChannel()
        pods.state.withLock {
            $0.lists = [.json(podList([], revision: 5))]
            $0.watches = [.lines(first), .failure(APIStatus.serviceUnavailable("gone")), .lines(second)]
        }
        let time = ManualTimeSource()
        let server = pods.makeServer()
        let informer = Informer(client: server.client(), resource: podResource, time: time)
        let states = Recorder()
        informer.addStateHandler { state in
            if case .failing(let status) = state { states.add(status.message) } else { states.add("following") }
        }
        let running = Task { await informer.run() }
        await informer.waitUntilSynced()
        first.send(line("ADDED", pod("a", revision: 6)))
        await informer.waitUntil(revision: 6)
        first.fail(APIStatus.serviceUnavailable("broke off"))
        for _ in 0..<2 {
            await time.waitForSleepers(1)
            time.advance(by: .seconds(60))
        }
        // The server is there again before anything changes.
        #expect(await comesTrue { states.all.last == "following" && states.all.count == 4 })
        second.send(line("ADDED", pod("b", revision: 7)))
        await informer.waitUntil(revision: 7)
        #expect(informer.all().map(\.name) == ["a", "b"])
        #expect(states.all == ["following", "broke off", "gone", "following"])
        #expect(
            server.requests.withLock { $0.filter { $0.queryFlag("watch") }.map { $0.queryValue("resourceVersion") } } == ["5", "6", "6"])
        running.cancel()
        await running.value
    }

    @Test func `a page that expired is made up for by one whole list`() async {
        let pods = PodServer()
        pods.state.withLock {
            $0.lists = [
                .json(podList([pod("a", revision: 1)], revision: 5, next: "more")), .failure(APIStatus.expired("too old")),
                .json(podList([pod("a", revision: 1), pod("b", revision: 2)], revision: 9)),
            ]
        }
        let server = pods.makeServer()
        let informer = Informer(client: server.client(), resource: podResource, time: ManualTimeSource())
        let running = Task { await informer.run() }
        await informer.waitUntil(revision: 9)
        #expect(informer.count == 2)
        #expect(server.requests.withLock { $0.prefix(3).map { $0.queryValue("limit") } } == ["500", "500", nil])
        running.cancel()
        await running.value
    }

    @Test func `waiting ends with the task that waits`() async {
        let informer = Informer(client: FakeServer().client(), resource: podResource, time: ManualTimeSource())
        let waiting = Task { await informer.waitUntil(revision: 100) }
        waiting.cancel()
        await waiting.value
        #expect(!informer.hasSynced)
    }

    @Test func `one informer serves all who ask for a resource`() async {
        let pods = PodServer()
        pods.state.withLock { $0.lists = [.json(podList([pod("a", revision: 1)], revision: 5))] }
        let server = pods.makeServer()
        let informers = SharedInformers(client: server.client(), time: ManualTimeSource())
        let first = informers.informer(podResource)
        let running = Task { await informers.run() }
        await informers.waitUntilSynced()
        let later = informers.informer(GroupVersionResource(group: "", version: "v1", resource: "nodes"))
        await later.waitUntilSynced()
        #expect(informers.informer(podResource) === first)
        #expect(first.count == 1)
        running.cancel()
        await running.value
    }

    @Test func `more objects than trees are kept are all found`() async {
        let pods = PodServer()
        let many = (0..<5000).map { pod("p\($0)", revision: $0 + 1) }
        pods.state.withLock { $0.lists = [.json(podList(many, revision: 9000))] }
        let informer = Informer(client: pods.makeServer().client(), resource: podResource, time: ManualTimeSource())
        let running = Task { await informer.run() }
        await informer.waitUntilSynced()
        #expect(informer.count == 5000)
        #expect((0..<5000).allSatisfy { informer.get(namespace: "default", name: "p\($0)")?.revision == Int64($0 + 1) })
        running.cancel()
        await running.value
    }
}

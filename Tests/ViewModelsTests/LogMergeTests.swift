import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct LogMergeTests {
    private func stamped(_ second: Int, _ text: String) -> [UInt8] {
        Array("2026-03-01T10:00:\(second < 10 ? "0" : "")\(second).000000000Z \(text)\n".utf8)
    }

    nonisolated private static func running(restarts: Int64 = 0, names: [String] = ["app"]) -> JSONValue {
        let last: JSONValue = restarts == 0 ? [:] : ["terminated": ["exitCode": 7, "reason": "Error"]]
        let statuses = names.map { name -> JSONValue in
            [
                "name": .string(name), "restartCount": .integer(restarts), "lastState": last,
                "state": ["running": ["startedAt": "2026-03-01T09:59:00Z"]],
            ]
        }
        return ["phase": "Running", "containerStatuses": .array(statuses)]
    }

    private func addWeb(_ fixture: Fixture, _ name: String, restarts: Int64 = 0) -> ByteChannel {
        let channel = ByteChannel()
        fixture.server.setLogs(name, [channel])
        fixture.addPod(name, labels: ["app": "web"], status: Self.running(restarts: restarts))
        return channel
    }

    private func addDeployment(_ fixture: Fixture) -> ObjectBinding {
        fixture.server.put(
            "/apis/apps/v1/namespaces/default/deployments/web",
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "default", "uid": "uid-web"],
                "spec": ["selector": ["matchLabels": ["app": "web"]]],
            ])
        return ObjectBinding(context: "kdash", namespace: "default", kind: "Deployment", name: "web", uid: "uid-web")
    }

    private func lines(_ logs: LogsModel) -> [String] {
        (logs.firstLine..<logs.endLine).compactMap { logs.line($0) }.map { $0.gap ?? String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func `the pods of a deployment are one log in the order of their times, and a new pod joins`() async throws {
        try await Fixture.with(pods: ["other"]) { fixture in
            let (one, two) = (addWeb(fixture, "web-x-1"), addWeb(fixture, "web-x-2"))
            fixture.session.showLogs(of: [addDeployment(fixture)])
            one.send(stamped(1, "a") + stamped(3, "c"))
            two.send(stamped(2, "b") + stamped(4, "d"))
            let logs = fixture.app.logs
            try await fixture.until("four lines") { logs.endLine - logs.firstLine == 4 && logs.state == .live }
            #expect(lines(logs) == ["a", "b", "c", "d"])
            #expect(logs.merge?.title == "deployment web" && fixture.app.focus == .logs)
            let three = addWeb(fixture, "web-x-3")
            three.send(stamped(5, "e"))
            try await fixture.until("the new pod's line") { lines(logs).last == "e" }
            #expect(logs.sources.map(\.label) == ["1", "2", "3"])
            #expect(logs.line(logs.endLine - 1)?.source == 2)
            fixture.server.remove(fixture.path("web-x-1"))
            one.finish()
            try await fixture.until("the end of one") { logs.sources[0].state == .ended("the pod was deleted") }
            #expect(logs.state == .live)
            fixture.app.pods.select(uid: "uid-other")
            fixture.time.advance(by: .seconds(1))
            #expect(logs.merge != nil)
            fixture.app.goBack()
            #expect(logs.merge == nil)
        }
    }

    @Test func `a connection that is given up in the middle leaves no line out and brings none twice`() async throws {
        try await Fixture.with(pods: ["other"]) { fixture in
            let (one, two, again) = (ByteChannel(), ByteChannel(), ByteChannel())
            fixture.server.setLogs("web", [one, again])
            fixture.server.setLogs("slow", [two])
            for name in ["web", "slow"] { fixture.addPod(name, labels: ["app": "web"], status: Self.running()) }
            fixture.session.showLogs(of: [addDeployment(fixture)])
            let logs = fixture.app.logs
            one.send(stamped(1, "a"))
            two.send(stamped(2, "b"))
            try await fixture.until("two lines") { lines(logs) == ["a", "b"] && logs.state == .live }
            one.send(stamped(3, "c") + Array(stamped(4, "broken").dropLast(4)))
            fixture.time.advance(by: .seconds(1))
            try await fixture.until("the third line") { lines(logs) == ["a", "b", "c"] }
            fixture.session.resumeLogs(try #require(fixture.session.cluster?.client))
            again.send(stamped(3, "c") + stamped(4, "broken") + stamped(5, "d"))
            fixture.time.advance(by: .seconds(1))
            try await fixture.until("what came after") {
                fixture.time.advance(by: .milliseconds(100))
                return lines(logs).last == "d"
            }
            #expect(lines(logs) == ["a", "b", "c", "broken", "d"])
        }
    }

    @Test func `a container that starts again goes on in place after a line that says so`() async throws {
        try await Fixture.with(pods: []) { fixture in
            let (first, second) = (ByteChannel(), ByteChannel())
            fixture.server.setLogs("web-1", [first, second])
            fixture.addPod("web-1", labels: ["app": "web"], status: Self.running())
            fixture.session.showLogs(of: [addDeployment(fixture)])
            let logs = fixture.app.logs
            first.send(stamped(1, "before"))
            try await fixture.until("the first line") { lines(logs) == ["before"] }
            fixture.addPod("web-1", labels: ["app": "web"], status: Self.running(restarts: 1))
            second.send(stamped(2, "after"))
            first.finish()
            try await fixture.until("the second instance") { lines(logs).last == "after" }
            #expect(lines(logs) == ["before", "app started again after exit 7 (Error), 1 restart", "after"])
            #expect(logs.sources.count == 1)
        }
    }

    @Test func `marked pods are one log, and so are all containers of one`() async throws {
        try await Fixture.with(pods: []) { fixture in
            for name in ["web-1", "web-2", "web-3"] { _ = addWeb(fixture, name) }
            try await fixture.until("the pods") { fixture.app.pods.count == 3 }
            for name in ["web-1", "web-3"] {
                fixture.app.pods.select(uid: "uid-\(name)")
                fixture.run("objects.mark")
            }
            fixture.app.pods.select(uid: "uid-web-1")
            let logs = fixture.app.logs
            // The cursor's own log takes the first stream.
            try await fixture.until("its own log") { logs.target?.pod == "web-1" && logs.state == .live }
            let (one, three) = (ByteChannel(), ByteChannel())
            fixture.server.setLogs("web-1", [one])
            fixture.server.setLogs("web-3", [three])
            fixture.run("pods.logs")
            // One after the other: on a busy machine the clock of the test may pass the time that a line waits for an earlier one.
            three.send(stamped(1, "y"))
            try await fixture.until("the first") { lines(logs) == ["y"] }
            one.send(stamped(2, "x"))
            try await fixture.until("both") { lines(logs) == ["y", "x"] }
            #expect(logs.merge?.title == "2 pods")
        }
    }

    @Test func `no more than so many logs are followed at once, and the next gets the turn of one that ends`() async throws {
        try await Fixture.with(pods: []) { fixture in
            let count = LogsDriver.maximumStreams + 2
            for number in 0..<count { _ = addWeb(fixture, "web-\(100 + number)") }
            try await fixture.until("the pods") { fixture.app.pods.count == count }
            fixture.session.tasks.cancel(.follow)
            fixture.session.tasks.cancel(.logs)
            let before = fixture.server.requests.count { $0.path.hasSuffix("/log") }
            var streams: [ByteChannel] = []
            for number in 0..<count {
                streams.append(ByteChannel())
                fixture.server.setLogs("web-\(100 + number)", [streams[number]])
            }
            fixture.session.showLogs(of: [addDeployment(fixture)])
            var opened: Int { fixture.server.requests.count { $0.path.hasSuffix("/log") } - before }
            try await fixture.until("the streams") { opened == LogsDriver.maximumStreams && fixture.app.logs.sources.count == count }
            let held = fixture.app.logs.sources.indices.filter { if case .waiting = fixture.app.logs.sources[$0].state { true } else { false } }
            #expect(held.count == 2)
            let name = fixture.app.logs.sources[0].target.pod
            fixture.server.remove(fixture.path(name))
            streams[Int(name.dropFirst(4))! - 100].finish()
            try await fixture.until("the next") { opened > LogsDriver.maximumStreams }
        }
    }

    @Test func `what has no pods is refused with the reason`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(
                "/api/v1/namespaces/default/services/bare",
                ["apiVersion": "v1", "kind": "Service", "metadata": ["name": "bare", "namespace": "default"], "spec": [:]])
            for (kind, name, words) in [("Service", "bare", "no selector"), ("Deployment", "none", "not found"), ("Gadget", "x", "unknown")] {
                fixture.session.showLogs(of: [ObjectBinding(context: "kdash", namespace: "default", kind: kind, name: name, uid: nil)])
                try await fixture.until("the reason") { fixture.app.toasts.last?.text.contains(words) == true }
            }
            fixture.session.showLogs(selecting: "a in (")
            #expect(fixture.app.prompt?.input.text == "a in (")
            #expect(fixture.app.logs.merge == nil)
        }
    }

    @Test func `instances before and pods that were deleted are part of a merge`() async throws {
        let log = KeptLog(
            namespace: "default", pod: "web-x-0", podUID: "gone-0", containers: ["app"], lastWrite: Timestamp(seconds: 0), size: ByteCount(10))
        let other = KeptLog(
            namespace: "default", pod: "other-0", podUID: "gone-1", containers: ["app"], lastWrite: Timestamp(seconds: 0), size: ByteCount(10))
        let fixture = Fixture(keptLogs: { [log, other] })
        try await fixture.run { fixture in
            func deleted(_ revision: Int, _ name: String, _ uid: String, labels: JSONValue) -> JSONValue {
                [
                    "revision": .string(String(revision)), "previous": "2", "time": "2026-03-01T09:00:00Z", "user": "gc", "type": "deleted",
                    "namespace": "default", "name": .string(name), "uid": .string(uid),
                    "object": ["metadata": ["name": .string(name), "namespace": "default", "uid": .string(uid), "labels": labels]],
                ]
            }
            fixture.server.answerHistory(
                "/api/v1/namespaces/default/pods",
                [
                    "kind": "ObjectHistory",
                    "items": [deleted(9, "web-x-0", "gone-0", labels: ["app": "web"]), deleted(8, "other-0", "gone-1", labels: ["app": "other"])],
                ])
            let (gone, before, now) = (ByteChannel(), ByteChannel(), ByteChannel())
            fixture.server.setLogs("web-x-0", [gone])
            fixture.server.setLogs("web-x-1", [before, now])
            fixture.addPod("web-x-1", labels: ["app": "web"], status: Self.running(restarts: 2))
            gone.send(stamped(1, "of the pod before"))
            gone.finish()
            before.send(stamped(2, "of the instance before"))
            before.finish()
            now.send(stamped(3, "now"))
            fixture.session.showLogs(of: [addDeployment(fixture)])
            let logs = fixture.app.logs
            try await fixture.until("three lines") { logs.endLine - logs.firstLine == 3 }
            #expect(lines(logs) == ["of the pod before", "of the instance before", "now"])
            #expect(logs.sources.map(\.target.isGone) == [true, false, false])
            #expect(logs.sources.map(\.target.isPrevious) == [false, true, false])
            #expect(fixture.server.requests.contains { $0.queryValue("podUID") == "gone-0" })
            #expect(!fixture.server.requests.contains { $0.queryValue("podUID") == "gone-1" })
        }
    }
}

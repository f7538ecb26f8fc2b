import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct TimeTravelTests {
    private static let path = "/api/v1/namespaces/default/configmaps/settings"

    private func text(_ model: DetailModel?) -> String { (model?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    private func question(_ fixture: Fixture) -> String { (fixture.diff?.lines ?? []).map(\.text).joined(separator: "\n") }

    private func map(_ colour: String, uid: String = "u1", manager: String = "kubectl-edit") -> JSONValue {
        [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": [
                "name": "settings", "namespace": "default", "uid": .string(uid),
                "managedFields": [["manager": .string(manager), "time": "2026-03-01T09:59:00Z"]],
            ],
            "data": ["colour": .string(colour), "size": "small"],
        ]
    }

    private func item(_ revision: Int, _ previous: Int, _ type: String, _ object: JSONValue, user: String = "alice") -> JSONValue {
        [
            "revision": .string(String(revision)), "previous": .string(String(previous)), "time": "2026-03-01T09:59:00.500000Z",
            "user": .string(user), "type": .string(type), "name": "settings", "namespace": "default", "uid": "u1", "object": object,
        ]
    }

    private func history(_ items: [JSONValue]) -> JSONValue {
        [
            "kind": "ObjectHistory", "apiVersion": "kdash.dev/v1", "metadata": ["resourceVersion": "500"],
            "kept": ["versionSeconds": 604_800, "versionBytes": 268_435_456, "stateSeconds": 86_400, "stateBytes": 134_217_728],
            "items": .array(items),
        ]
    }

    private func open(_ fixture: Fixture, _ versions: Int) async throws {
        fixture.session.openRevisions(
            ObjectBinding(context: fixture.app.context.name, namespace: "default", kind: "ConfigMap", name: "settings", uid: nil))
        try await fixture.until("the versions") { fixture.app.detail?.stops.count == versions }
    }

    @Test func `versions tell who changed which fields, and how long they are kept`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.path, map("blue"))
            fixture.server.answerHistory(Self.path, history([item(31, 30, "changed", map("blue")), item(30, 0, "created", map("red"), user: "bob")]))
            try await open(fixture, 2)
            #expect(text(fixture.app.detail).contains("alice (kubectl-edit)  data.colour red → blue"))
            #expect(text(fixture.app.detail).contains("kept: versions 7d, at most 256 MB; writes of the status alone 24h, at most 128 MB"))
            fixture.run("detail.open")
            try await fixture.until("the difference") { text(fixture.app.detail).contains("-   colour: red") }
            fixture.run("app.back")
            #expect(fixture.app.detail?.title == "Versions")
            fixture.run("revision.mark")
            fixture.app.detail?.moveSelection(by: 1)
            fixture.run("detail.open")
            try await fixture.until("the comparison") { text(fixture.app.detail).contains("from revision 31 to 30") }
        }
    }

    @Test func `what another program changed is taken back beside what changed since`() async throws {
        try await Fixture.with { fixture in
            var live = map("blue")
            live["data", "size"] = "large"
            fixture.server.put(Self.path, live)
            fixture.server.answerHistory(Self.path, history([item(31, 30, "changed", map("blue")), item(30, 0, "created", map("red"))]))
            try await open(fixture, 2)
            fixture.run("undo.undo")
            try await fixture.until("the question") { fixture.diff != nil }
            #expect(question(fixture).contains("colour: red") && !question(fixture).contains("size: small"))
            fixture.diff?.onConfirm()
            try await fixture.until("the change") { fixture.server.object(Self.path)?["data", "colour"] == "red" }
            #expect(fixture.server.object(Self.path)?["data", "size"] == "large")
        }
    }

    @Test func `an object goes back to an old version as a whole, and comes back when it is gone`() async throws {
        try await Fixture.with { fixture in
            var live = map("blue")
            live["data", "size"] = "large"
            fixture.server.put(Self.path, live)
            let items = [item(31, 30, "changed", map("blue")), item(30, 0, "created", map("red"))]
            fixture.server.answerHistory(Self.path, history(items))
            try await open(fixture, 2)
            fixture.app.detail?.moveSelection(by: 1)
            fixture.run("revision.restore")
            try await fixture.until("the question") { fixture.diff != nil }
            fixture.diff?.onConfirm()
            try await fixture.until("the old state") { fixture.server.object(Self.path)?["data"] == ["colour": "red", "size": "small"] }
            fixture.server.remove(Self.path)
            fixture.server.answerHistory(Self.path, history([item(40, 31, "deleted", map("blue"), user: "carol")] + items))
            try await open(fixture, 3)
            fixture.run("undo.undo")
            try await fixture.until("the question") { fixture.diff != nil }
            #expect(question(fixture).contains("does not come back: it gets a new uid"))
            fixture.diff?.onConfirm()
            try await fixture.until("the object") { fixture.server.object(Self.path)?["data", "colour"] == "blue" }
        }
    }

    @Test func `writes of the status alone are not taken back`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.path, map("blue"))
            fixture.server.answerHistory(Self.path, history([item(31, 30, "status", map("blue")), item(30, 0, "created", map("blue"))]))
            try await open(fixture, 2)
            fixture.run("undo.undo")
            #expect(fixture.app.toasts.last?.text.contains("only its status was written") == true)
            #expect(fixture.diff == nil)
        }
    }

    @Test func `recent changes tell what a write changed, and not all that its writer wrote`() async throws {
        try await Fixture.with { fixture in
            var live = map("blue")
            live["metadata", "managedFields"] = [
                ["manager": "m", "time": "2026-03-01T09:59:00Z", "fieldsV1": ["f:data": ["f:colour": JSONValue.object([:]), "f:size": JSONValue.object([:])]]]
            ]
            fixture.server.put(Self.path, live)
            let another = item(32, 31, "changed", map("green", manager: "m"))
            fixture.server.answerHistory(Self.path, history([another, item(31, 30, "changed", map("blue", manager: "m")), item(30, 0, "created", map("red"))]))
            fixture.run("history.changes")
            try await fixture.until("the difference") { text(fixture.app.detail).contains("data.colour red → blue  by m") }
            #expect(!text(fixture.app.detail).contains("data.size"))
        }
    }

    @Test func `a cluster that keeps no history says so`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(Self.path, map("blue"))
            fixture.session.openRevisions(
                ObjectBinding(context: fixture.app.context.name, namespace: "default", kind: "ConfigMap", name: "settings", uid: nil))
            try await fixture.until("the answer") { text(fixture.app.detail).contains("does not keep what its objects were") }
        }
    }

    @Test func `the shown table goes back by changes and by time, and back to now`() async throws {
        try await Fixture.with { fixture in
            let items = [item(31, 30, "deleted", map("blue")), item(30, 0, "created", map("red"))]
            fixture.server.answerHistory("/api/v1/pods", history(items))
            fixture.server.answerHistory("/api/v1/namespaces/default/pods", history(items))
            fixture.run("history.past")
            try await fixture.until("the table") { text(fixture.app.detail).contains("web-1") }
            #expect(text(fixture.app.detail).contains("THE PAST  2026-03-01T09:59:00Z"))
            #expect(text(fixture.app.detail).contains("change 2 of 2: default/settings was deleted by alice"))
            fixture.run("past.older")
            try await fixture.until("the change before") { text(fixture.app.detail).contains("revision 30") }
            try await fixture.until("the list of then") { fixture.server.requests.last?.queryValue("kdashAt") == "30" }
            fixture.run("past.older")
            #expect(fixture.app.toasts.last?.text == "no older change is kept")
            fixture.run("past.minuteBack")
            try await fixture.until("a minute before") { text(fixture.app.detail).contains("2026-03-01T09:58:00Z") }
            fixture.run("past.hourOn")
            #expect(fixture.app.toasts.last?.text.contains("still to come") == true)
            fixture.run("app.back")
            #expect(fixture.app.detail == nil)
        }
    }

    @Test func `moments go by changes from wherever one is`() {
        let at = { (second: Int64) in
            ObjectHistory.Version(revision: second, previous: 1, time: Timestamp(seconds: second), user: "a", what: .changed, name: "x", uid: "")
        }
        let view = PastView(kind: .pods, scope: .all, changes: [at(30), at(20), at(10)])
        func go(_ start: Int64, by amount: Int) -> Int64? {
            var moved = view
            moved.moment = .time(Timestamp(seconds: start))
            return moved.move(byChanges: amount) ? moved.change?.revision : nil
        }
        #expect(go(25, by: -1) == 20 && go(25, by: 1) == 30)
        #expect(go(35, by: 1) == nil && go(35, by: -1) == 30)
        #expect(go(5, by: -1) == nil && go(5, by: 1) == 10)
    }
}

import APIMachinery
import Glibc
import JSONCore
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct UndoTests {
    private static let maps = GroupVersionResource(group: "", version: "v1", resource: "configmaps")
    private static let path = "/api/v1/namespaces/default/configmaps/settings"

    private func text(_ model: DetailModel?) -> String { (model?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    private func question(_ fixture: Fixture) -> String { (fixture.diff?.lines ?? []).map(\.text).joined(separator: "\n") }

    /// Opens the list and asks about its newest entry.
    private func askUndo(_ fixture: Fixture, _ command: String = "undo.undo", entries: Int) async throws {
        fixture.app.detail = nil
        fixture.run("history.undo")
        try await fixture.until("the list") { fixture.app.detail?.stops.count == entries }
        fixture.run(command)
    }

    @discardableResult
    private func change(_ fixture: Fixture, _ edit: (inout KubeObject) -> Void) async throws -> KubeObject {
        let client = try #require(fixture.session.cluster?.client)
        var object = try await client.get(Self.maps, namespace: "default", name: "settings")
        edit(&object)
        return try await client.update(Self.maps, object)
    }

    private func putMap(_ fixture: Fixture) {
        fixture.server.put(
            Self.path,
            [
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings", "namespace": "default", "uid": "u1"],
                "data": ["colour": "red", "size": "small"],
            ])
    }

    @Test func `a deleted pod is created again without what only the server says, and deleted again by redo`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.delete")
            try await fixture.until("the question before it") { fixture.dialog != nil }
            fixture.dialog?.choose("yes")
            try await fixture.until("the deletion") { fixture.server.object(fixture.path("web-1")) == nil }
            try await askUndo(fixture, entries: 1)
            try await fixture.until("the question") { fixture.diff != nil }
            #expect(question(fixture).contains("does not come back: it gets a new uid"))
            #expect(question(fixture).contains("files, logs and memory are gone"))
            fixture.diff?.onConfirm()
            try await fixture.until("the pod") { fixture.server.object(fixture.path("web-1")) != nil }
            let made = fixture.server.object(fixture.path("web-1"))
            #expect(made?["spec", "nodeName"] == nil && made?["status"] == nil)
            #expect(made?["spec", "containers"] == [["name": "app", "image": "kdash.dev/demo:1"]])
            try await fixture.until("the entry of the undo") { fixture.app.detail?.stops.count == 2 && text(fixture.app.detail).contains("undone") }
            fixture.app.detail?.moveSelection(by: .max)
            fixture.run("undo.undo")
            #expect(fixture.diff == nil && fixture.app.toasts.contains { $0.text.contains("undone already") })
            fixture.run("undo.redo")
            try await fixture.until("the question of redo") { fixture.diff != nil }
            fixture.diff?.onConfirm()
            try await fixture.until("the deletion again") { fixture.server.object(fixture.path("web-1")) == nil }
        }
    }

    @Test func `a change is taken back beside what others changed meanwhile`() async throws {
        try await Fixture.with { fixture in
            putMap(fixture)
            try await change(fixture) { $0["data", "colour"] = "blue" }
            var others = KubeObject(try #require(fixture.server.object(Self.path)))
            others["data", "size"] = "large"
            fixture.server.put(Self.path, others.value)
            try await askUndo(fixture, entries: 1)
            #expect(text(fixture.app.detail).contains("data.colour red → blue"))
            try await fixture.until("the question") { fixture.diff != nil }
            #expect(!question(fixture).contains("changed since"))
            fixture.diff?.onConfirm()
            try await fixture.until("the old colour") { fixture.server.object(Self.path)?["data", "colour"] == "red" }
            #expect(fixture.server.object(Self.path)?["data", "size"] == "large")
        }
    }

    @Test func `a change that others wrote over says so before it writes over them`() async throws {
        try await Fixture.with { fixture in
            putMap(fixture)
            try await change(fixture) { $0["data", "colour"] = "blue" }
            var others = KubeObject(try #require(fixture.server.object(Self.path)))
            others["data", "colour"] = "green"
            fixture.server.put(Self.path, others.value)
            try await askUndo(fixture, entries: 1)
            try await fixture.until("the question") { fixture.diff != nil }
            #expect(question(fixture).contains("changed since at the same place"))
            fixture.diff?.onCancel()
            #expect(fixture.server.object(Self.path)?["data", "colour"] == "green")
        }
    }

    @Test func `what cannot be undone says why and asks nothing`() async throws {
        try await Fixture.with { fixture in
            putMap(fixture)
            try await change(fixture) { $0["data", "colour"] = "blue" }
            fixture.server.remove(Self.path)
            try await askUndo(fixture, entries: 1)
            try await fixture.until("the reason") { fixture.app.toasts.contains { $0.text.contains("is gone: undo its deletion first") } }
            fixture.server.put(Self.path, ["kind": "ConfigMap", "metadata": ["name": "settings", "uid": "u2"]])
            fixture.run("undo.undo")
            try await fixture.until("another reason") { fixture.app.toasts.contains { $0.text.contains("made anew since") } }
            #expect(fixture.diff == nil)
        }
    }

    @Test func `a pod that its owner makes again is not brought back`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(
                "/apis/apps/v1/namespaces/default/replicasets/web", ["kind": "ReplicaSet", "metadata": ["name": "web", "uid": "rs"]])
            var pod = KubeObject(fixture.addPod("web-9"))
            pod["metadata", "ownerReferences"] = [
                ["apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": true]
            ]
            fixture.server.put(fixture.path("web-9"), pod.value)
            let client = try #require(fixture.session.cluster?.client)
            try await client.delete(GroupVersionResource(group: "", version: "v1", resource: "pods"), namespace: "default", name: "web-9")
            try await askUndo(fixture, entries: 1)
            try await fixture.until("the reason") { fixture.app.toasts.contains { $0.text.contains("makes another one by itself") } }
        }
    }

    @Test func `a creation is undone by a deletion of exactly that object`() async throws {
        try await Fixture.with { fixture in
            let client = try #require(fixture.session.cluster?.client)
            _ = try await client.create(
                Self.maps, KubeObject(["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "settings", "namespace": "default"]]))
            try await askUndo(fixture, entries: 1)
            try await fixture.until("the question") { fixture.diff != nil }
            fixture.diff?.onConfirm()
            try await fixture.until("the deletion") { fixture.server.object(Self.path) == nil }
            let last = try #require(fixture.server.writes.last)
            #expect(try JSON.parse(last.body)["preconditions", "uid"] != nil)
        }
    }

    @Test func `a write succeeds when what it finds cannot be read, and a refused write leaves nothing`() async throws {
        try await Fixture.with { fixture in
            let client = try #require(fixture.session.cluster?.client)
            putMap(fixture)
            let refusal = APIStatus.forbidden(GroupResource(group: "", resource: "configmaps"), "settings", "not yours")
            fixture.server.refuse(.delete, Self.path, refusal)
            await #expect(throws: APIStatus.self) { try await client.delete(Self.maps, namespace: "default", name: "settings") }
            #expect(fixture.session.undoJournal.known(of: "kdash").isEmpty)
            fixture.server.refuse(.delete, Self.path, nil)
            fixture.server.refuse(.get, Self.path, refusal)
            try await client.delete(Self.maps, namespace: "default", name: "settings")
            #expect(fixture.server.object(Self.path) == nil)
        }
    }

    @Test func `values of Secrets do not show in the list or the question`() async throws {
        try await Fixture.with { fixture in
            let secrets = GroupVersionResource(group: "", version: "v1", resource: "secrets")
            let path = "/api/v1/namespaces/default/secrets/login"
            fixture.server.put(
                path, ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "login", "namespace": "default"], "data": ["a": "b2xk"]])
            let client = try #require(fixture.session.cluster?.client)
            var object = try await client.get(secrets, namespace: "default", name: "login")
            object["data", "a"] = "bmV3"
            _ = try await client.update(secrets, object)
            try await askUndo(fixture, entries: 1)
            try await fixture.until("the question") { fixture.diff != nil }
            let shown = text(fixture.app.detail) + question(fixture)
            #expect(shown.contains("data.a changed") && !shown.contains("b2xk") && !shown.contains("bmV3"))
            fixture.diff?.onConfirm()
            try await fixture.until("the old value") { fixture.server.object(path)?["data", "a"] == "b2xk" }
        }
    }

    @Test func `the journal is bounded, private and read again by the next program`() throws {
        let directory = ScratchFolder.path("undo")
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        let time = ManualTimeSource(at: Timestamp(seconds: 1_000_000))
        let journal = UndoJournal(stateDirectory: directory, time: time)
        func entry(_ number: Int, at: Timestamp, size: Int = 10) -> UndoEntry {
            UndoEntry(
                id: "\(1_000_000 + number)-x", at: at, context: "a/../b", cluster: nil, verb: .deleted, method: .delete, path: "/p\(number)",
                resource: Self.maps, namespace: "default", name: "m\(number)",
                before: KubeObject(["kind": "ConfigMap", "data": ["x": .string(String(repeating: "y", count: size))]]), after: nil, undoes: nil,
                isUncertain: false)
        }
        for number in 0..<(UndoJournal.capacity + 5) { journal.keep(entry(number, at: time.now())) }
        #expect(journal.entries(of: "a/../b").map(\.name).first == "m5")
        let again = UndoJournal(stateDirectory: directory, time: time)
        #expect(again.entries(of: "a/../b").count == UndoJournal.capacity && again.entries(of: "other").isEmpty)
        let folders = try FileSystem.names(in: "\(directory)/undo")
        #expect(folders.count == 1 && folders[0].hasPrefix("a____b-"))
        let file = "\(directory)/undo/\(folders[0])/\(try FileSystem.names(in: "\(directory)/undo/\(folders[0])")[0])"
        #expect(try FileSystem.status(file).map { $0.st_mode & 0o777 } == 0o600)
        #expect(try FileSystem.status("\(directory)/undo").map { $0.st_mode & 0o777 } == 0o700)
        for number in 300..<308 { again.keep(entry(number, at: time.now(), size: 1 << 20)) }
        #expect(again.entries(of: "a/../b").count <= 8, "bytes are bounded, too")
        time.advance(by: UndoJournal.age + .seconds(1))
        again.keep(entry(400, at: time.now()))
        #expect(again.entries(of: "a/../b").map(\.name) == ["m400"], "what is old goes")
        // A context that is never opened again keeps nothing for good.
        let other = UndoEntry(
            id: "1-x", at: time.now(), context: "once", cluster: nil, verb: .deleted, method: .delete, path: "/p", resource: Self.maps, namespace: "default",
            name: "m", before: nil, after: nil, undoes: nil, isUncertain: false)
        again.keep(other)
        let later = ManualTimeSource(at: SystemTimeSource().now().advanced(by: UndoJournal.age + .seconds(60)))
        #expect(UndoJournal(stateDirectory: directory, time: later).entries(of: "third").isEmpty)
        for folder in try FileSystem.names(in: "\(directory)/undo") { #expect(try FileSystem.names(in: "\(directory)/undo/\(folder)") == []) }
        again.keep(entry(400, at: time.now()))
        try FileSystem.writeAtomically("\(directory)/undo/\(folders[0])/broken.json", Array("{".utf8))
        #expect(UndoJournal(stateDirectory: directory, time: time).entries(of: "a/../b").count == 1, "a broken file is left alone")
    }
}

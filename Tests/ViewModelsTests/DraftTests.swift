import Glibc
import JSONCore
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct DraftTests {
    private func files(_ fixture: Fixture) -> [String] { (try? FileSystem.names(in: "\(fixture.directory)/drafts")) ?? [] }

    @Test func `unsaved text is on disk within a second of the last change, for the user alone`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            editor.insert("a: 1")
            try await eventually("the saver waits") { fixture.time.hasSleeper(for: ClusterSession.draftDelay) }
            // The clock stands still after 0.9 seconds; the disk may take what time the machine has.
            fixture.time.advance(by: .milliseconds(900))
            try await eventually("it is saved") { editor.draft == .saved }
            let names = files(fixture)
            #expect(names.count == 1)
            let status = try FileSystem.status("\(fixture.directory)/drafts/\(names[0])")
            #expect(status.map { $0.st_mode & 0o777 } == 0o600)
        }
    }

    @Test func `constant typing does not put the saving off`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            let editor = fixture.app.editor
            for _ in 0..<8 {
                editor.insert("x")
                fixture.time.advance(by: .milliseconds(100))
                for _ in 0..<200 { await Task.yield() }
            }
            try await fixture.until("it is saved") { fixture.session.drafts.all().first != nil }
            #expect(fixture.session.drafts.all().first?.text.hasPrefix("xx") == true)
        }
    }

    @Test func `quitting saves at once, and the next start offers it with its difference`() async throws {
        let first = Fixture()
        first.addPod("web-1")
        first.session.start()
        try await first.until("the first list") { first.app.connection == .ready }
        first.run("objects.new")
        first.app.editor.insert("apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  key: hunter2\n")
        first.run("app.quit")
        first.session.stop()
        #expect(files(first).count == 1)

        let second = Fixture(directory: first.directory)
        second.addPod("web-1")
        try await second.run { second in
            try await second.until("the offer") { second.drafts != nil }
            let draft = second.drafts?.drafts.first
            #expect(draft?.binding.namespace == "default" && draft?.preview.contains { $0.kind == .added } == true)
            #expect(draft?.preview.contains { $0.text.contains("hunter2") } == false)
            if let id = draft?.id { second.drafts?.onOpen(id) }
            #expect(
                second.app.editor.text.contains("hunter2") && second.app.editor.isDirty && second.app.editor.maskedColumns(line: 5) != nil)
            #expect(self.files(second).count == 1)
            second.run("yaml.applyF2")
            try await second.until("the diff") { second.diff != nil }
            #expect(second.diff?.lines.contains { $0.text.contains("hunter2") } == false)
            second.diff?.onConfirm()
            try await second.until("it is there") { second.server.object("/api/v1/namespaces/default/secrets/s") != nil }
            try await second.until("the draft went") { self.files(second).isEmpty }
        }
    }

    @Test func `a text written for another cluster of the same name says so`() async throws {
        let first = Fixture()
        first.session.start()
        try await first.until("the first list") { first.app.connection == .ready && first.session.clusterID != nil }
        first.app.modal = nil
        first.run("objects.new")
        first.app.editor.insert("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n")
        first.session.stop()

        let second = Fixture(directory: first.directory)
        second.server.put(
            "/api/v1/namespaces/kube-system",
            ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "kube-system", "uid": "another"]])
        try await second.run { second in
            try await second.until("the offer") { second.drafts != nil }
            let draft = second.drafts?.drafts.first
            #expect(draft?.isForeign == true)
            if let id = draft?.id { second.drafts?.onOpen(id) }
            #expect(second.app.editor.banner?.text.contains("another cluster") == true && second.app.editor.isDirty)
        }
    }

    @Test func `discarding asks first, and takes the draft away`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            fixture.app.editor.insert("a: 1")
            try await fixture.until("it is saved") { fixture.app.editor.draft == .saved }
            fixture.app.editor.isTyping = false
            fixture.run("yaml.discard")
            #expect(fixture.dialog?.focused == 0)
            fixture.dialog?.choose("no")
            #expect(fixture.app.editor.text == "a: 1")
            fixture.run("yaml.discard")
            fixture.dialog?.choose("yes")
            try await fixture.until("its draft is gone") { self.files(fixture).isEmpty }
            // The pane shows what is selected again.
            #expect(fixture.app.editor.target?.binding.name == "web-1" && fixture.app.editor.state == .viewing)
        }
    }

    @Test(arguments: [
        ("kind: [", "cannot be applied"), ("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: none", "ConfigMap default/none is not in the cluster"),
    ])
    func `a draft that cannot be compared says so and does not look like a creation`(text: String, said: String) async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            fixture.app.editor.insert(text)
            fixture.run("objects.yaml")
            fixture.run("app.drafts")
            try await fixture.until("the list") { fixture.drafts?.drafts.count == 1 }
            let preview = fixture.drafts?.drafts.first?.preview ?? []
            #expect(preview.first?.kind == .note && preview.first?.text.contains(said) == true)
        }
    }

    @Test func `a draft of a kind that only the server knows is compared`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            fixture.app.editor.insert("apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata:\n  name: a\nspec:\n  cronSpec: x")
            try await fixture.until("it was checked") { !fixture.app.editor.diagnostics.isEmpty }
            fixture.server.answer("/openapi/v3", CustomKind.index)
            fixture.server.answer("/openapi/v3/apis/stable.example.com/v1", CustomKind.document)
            fixture.run("objects.yaml")
            fixture.time.advance(by: .seconds(30))
            fixture.run("app.drafts")
            try await fixture.until("the list") { fixture.drafts?.drafts.count == 1 }
            #expect(fixture.drafts?.drafts.first?.preview.first?.text == "CronTab default/a is not in the cluster: apply creates it")
        }
    }

    @Test func `what is set aside for another text stays as a draft`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            fixture.app.editor.insert("a: 1")
            fixture.run("objects.yaml")
            try await fixture.until("the other text") { fixture.app.editor.target?.binding.name == "web-1" && fixture.app.editor.state == .viewing }
            #expect(fixture.session.drafts.all().first?.text == "a: 1")
        }
    }

    @Test func `a draft that cannot be deleted is told, and stays in the list`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.new")
            fixture.app.editor.insert("a: 1")
            fixture.run("objects.yaml")
            fixture.run("app.drafts")
            try await fixture.until("the list") { fixture.drafts?.drafts.count == 1 }
            // Nobody can unlink a folder.
            let path = "\(fixture.directory)/drafts/\(self.files(fixture)[0])"
            try FileSystem.removeFile(path)
            try FileSystem.makeDirectories(path, mode: 0o700)
            fixture.drafts?.discardSelected()
            fixture.drafts?.discardSelected()
            try await fixture.until("it is told") { fixture.app.toasts.last?.tone == .error }
            #expect(fixture.drafts?.drafts.count == 1)
            #expect(fixture.app.toasts.last?.text.hasPrefix("a draft was not deleted and will be offered again: ") == true)
        }
    }

    @Test func `text that cannot be kept is not lost by quitting without a question`() async throws {
        try await Fixture.with { fixture in
            try FileSystem.makeDirectories(fixture.directory, mode: 0o700)
            try FileSystem.writeAtomically("\(fixture.directory)/drafts", [], mode: 0o600)
            fixture.run("objects.new")
            fixture.app.editor.insert("a: 1")
            fixture.run("app.quit")
            guard case .dialog(let dialog)? = fixture.app.modal else {
                Issue.record("not asked")
                return
            }
            #expect(!fixture.app.isQuitting && dialog.title == "Lose unsaved text?" && dialog.choices[dialog.focused].id == "no")
            dialog.choose("no")
            #expect(!fixture.app.isQuitting && fixture.app.editor.text == "a: 1")
        }
    }

    @Test func `text that cannot be kept is not given up for another`() async throws {
        try await Fixture.with { fixture in
            try FileSystem.makeDirectories(fixture.directory, mode: 0o700)
            try FileSystem.writeAtomically("\(fixture.directory)/drafts", [], mode: 0o600)
            fixture.run("objects.new")
            fixture.app.editor.insert("a: 1")
            for command in ["objects.yaml", "objects.new"] {
                fixture.run(command)
                #expect(fixture.app.toasts.last?.text.hasPrefix("nothing else is opened, since the unsaved text cannot be kept: ") == true)
                #expect(fixture.app.editor.text == "a: 1" && fixture.app.editor.isDirty && fixture.app.editor.target?.isNew == true)
            }
        }
    }
}

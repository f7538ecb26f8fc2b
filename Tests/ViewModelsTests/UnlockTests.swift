import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

/// A context that kdash did not create, from the screen's side.
@MainActor @Suite struct UnlockTests {
    private func with(_ access: ContextState.Access = .protected, _ body: (Fixture) async throws -> Void) async throws {
        let fixture = Fixture(access: access, canUnlock: true)
        fixture.addPod("web-1")
        try await fixture.run(body)
    }

    private func type(_ name: String, _ fixture: Fixture) throws {
        fixture.run("app.unlock")
        let dialog = try #require(fixture.dialog)
        dialog.typed.insert(name)
        dialog.choose("unlock")
    }

    @Test func `typing the name lets changes pass, and nothing waits before and after`() async throws {
        try await with { fixture in
            let app = fixture.app
            #expect(app.context.access == .protected && app.context.canUnlock && !fixture.session.tasks.isRunning(.unlock))
            fixture.run("app.unlock")
            let dialog = try #require(fixture.dialog)
            let told = dialog.body.joined().map(\.text)
            #expect(told.contains("memory") && told.contains("somebody") && dialog.typedName == "prod")
            dialog.typed.insert("prud")
            dialog.choose("unlock")
            #expect(fixture.dialog === dialog && app.context.access == .protected)
            dialog.choose("no")
            #expect(fixture.dialog == nil && app.context.access == .protected)

            try type("prod", fixture)
            try await fixture.until("it is writable") { app.context.access == .writable }
            #expect(app.context.minutesLeft == 15 && app.refusal == nil && app.context.accessWord == "WRITABLE 15m")
            fixture.time.advance(by: .seconds(61))
            try await fixture.until("a minute less") { app.context.minutesLeft == 14 }
            // Asked for again it begins anew.
            try type("prod", fixture)
            try await fixture.until("it begins anew") { app.context.minutesLeft == 15 }
            fixture.run("app.lock")
            try await fixture.until("it is locked") { app.context.access == .protected && !fixture.session.tasks.isRunning(.unlock) }
            #expect(app.context.minutesLeft == nil)
            #expect(app.toasts.last?.text == "prod is protected again")
        }
    }

    @Test func `a lock voids the question that is open, and an answer on its way is refused`() async throws {
        try await with { fixture in
            let app = fixture.app
            let screen = HeadlessApplication(fixture)
            try await fixture.until("the pod") { app.pods.row(uid: "uid-web-1") != nil }
            try type("prod", fixture)
            try await fixture.until("it is writable") { app.context.access == .writable }
            try await screen.press("D d")
            let question = try #require(fixture.dialog)
            try await screen.press("f7 y")
            try await fixture.until("it is void") { app.context.access == .protected && fixture.dialog == nil }
            #expect(app.toasts.contains { $0.text == "\"Delete this pod?\" was not done: prod is protected" })
            question.choose("yes")
            try await fixture.until("it is refused") { app.toasts.contains { $0.text.contains("was not deleted") } }
            #expect(fixture.server.writes.isEmpty)
        }
    }

    @Test(arguments: ["/", ":", "?"]) func `the lock is there whatever is open`(key: String) async throws {
        try await with { fixture in
            let screen = HeadlessApplication(fixture)
            try type("prod", fixture)
            try await fixture.until("it is writable") { fixture.app.context.access == .writable }
            try await screen.press("\(key) f7")
            try await fixture.until("it is locked") { fixture.app.context.access == .protected }
            #expect(fixture.app.modal != nil || fixture.app.prompt != nil)
            try await screen.press("f8")
            #expect(fixture.dialog?.title == "Unlock context prod?")
            try await screen.press("esc")
            #expect(fixture.app.modal != nil || fixture.app.prompt != nil, "what was open is there again")
        }
    }

    @Test func `it is protected again by itself, in every place, with one message`() async throws {
        try await with { fixture in
            let (app, workspace) = (fixture.app, fixture.workspace)
            app.run(command: "tabs.beside")
            let other = try #require(workspace.apps.first { $0 !== app })
            try await fixture.until("the other place") { other.connection == .ready }
            #expect(other.context.access == .protected)
            try type("prod", fixture)
            try await fixture.until("both are writable") { [app, other].allSatisfy { $0.context.access == .writable } }
            fixture.time.advance(by: ContextGate.unlockDuration)
            try await fixture.until("both are protected") { [app, other].allSatisfy { $0.context.access == .protected } }
            try await fixture.until("it is told") { !(app.toasts + other.toasts).filter { $0.text.contains("15 minutes are over") }.isEmpty }
            #expect((app.toasts + other.toasts).filter { $0.text.contains("15 minutes are over") }.count == 1)
            let sessions = workspace.sessions
            try await fixture.until("nothing waits") { sessions.allSatisfy { !$0.tasks.isRunning(.unlock) } }
        }
    }

    @Test func `what cannot run says which key unlocks, and asks`() async throws {
        try await with { fixture in
            let app = fixture.app
            try await fixture.until("the pod") { app.pods.row(uid: "uid-web-1") != nil }
            let reason = try #require(app.commands["objects.delete"]?.reason(app))
            #expect(reason == "context prod is protected; F8 unlocks it")
            app.run(command: "objects.delete")
            let dialog = try #require(fixture.dialog)
            #expect(dialog.title == "Unlock context prod?" && dialog.body.joined().contains { $0.text.contains("\"Delete\" was not done") })
            dialog.typed.insert("prod")
            dialog.choose("unlock")
            try await fixture.until("it is writable") { app.context.access == .writable }
            #expect(fixture.server.writes.isEmpty)
            app.run(command: "objects.delete")
            try #require(fixture.dialog).choose("yes")
            try await fixture.until("the deletion") { fixture.server.writes.count == 1 }
            // Anything else that is in the way is only told.
            app.run(command: "app.demo")
            #expect(fixture.dialog == nil)
        }
    }

    @Test func `a read-only screen has no unlock`() async throws {
        try await with(.readonly) { fixture in
            let app = fixture.app
            #expect(app.commands["app.unlock"]?.reason(app) == "kdash was started with --readonly")
            #expect(app.commands["app.lock"]?.reason(app) != nil)
            app.run(command: "app.unlock")
            app.run(command: "objects.new")
            #expect(fixture.dialog == nil && app.context.access == .readonly && app.context.accessWord == "READ-ONLY")
        }
        try await Fixture.with { fixture in
            #expect(fixture.app.commands["app.unlock"]?.reason(fixture.app) == "kdash made this cluster: changes pass")
            #expect(fixture.app.commands["app.lock"]?.reason(fixture.app) == "kdash made this cluster: there is no lock")
        }
    }

    @Test func `a text that was opened in a protected context can act once it is unlocked`() async throws {
        try await with { fixture in
            let app = fixture.app
            let model = DetailModel(title: "Files", kind: .files, binding: nil)
            model.actions[.edit] = {}
            app.detail = model
            #expect(app.commands["files.edit"]?.reason(app) == app.refusal)
            #expect(app.commands["processes.signal"]?.reason(app) == "that is for processes")
            try type("prod", fixture)
            try await fixture.until("it is writable") { app.context.access == .writable }
            #expect(app.commands["files.edit"]?.reason(app) == nil)
        }
    }
}

import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

/// What is typed before the contexts of a joined table have their rows.
@MainActor @Suite struct JoinedStartTests {
    private static let pods = "/api/v1/pods"

    /// Opens a table whose two contexts have listed nothing, and runs a test with its screen.
    private static func with(_ body: (HeadlessApplication, JoinedFixture, AppModel) async throws -> Void) async throws {
        try await JoinedFixture.with { fixture in
            for server in [fixture.near.server, fixture.far] { server.hold(.get, pods) }
            let app = try await fixture.open("ctx kdash+prod", rows: 0)
            let application = HeadlessApplication(fixture.near, of: app)
            try await fixture.near.until("both are asked") { [fixture.near.server, fixture.far].allSatisfy { $0.isHolding(.get, pods) } }
            try await body(application, fixture, app)
        }
    }

    @Test func `keys wait for the rows of every context`() async throws {
        try await Self.with { application, fixture, app in
            try await application.press("j j")
            #expect(application.shows("takes back what waits for pods of kdash, prod: j j") && app.toasts.isEmpty)
            fixture.near.server.release(.get, Self.pods)
            try await fixture.near.until("the rows of one") { app.list.count == 1 }
            #expect(application.shows("takes back what waits for pods of prod: j j"))
            fixture.far.release(.get, Self.pods)
            try await fixture.near.until("the rows of both") { app.list.count == 3 }
            application.paint()
            #expect(app.typedAhead == nil && app.list.selectedUID == "1:far-1")
        }
    }

    @Test func `a context that does not answer holds only what was typed before there were rows, and not for long`() async throws {
        try await Self.with { application, fixture, app in
            try await application.press("space")
            fixture.near.server.release(.get, Self.pods)
            try await fixture.near.until("the rows of one") { app.list.count == 1 }
            application.paint()
            #expect(app.typedAhead?.keys == ["Space"] && app.list.markedCount == 0)
            try await application.pass(ClusterSession.joinedPatience)
            application.paint()
            #expect(app.typedAhead == nil && app.list.markedCount == 1)
            try await application.press("space")
            #expect(app.typedAhead == nil && app.list.markedCount == 0, "rows that are shown are enough")
            fixture.far.release(.get, Self.pods)
        }
    }

    @Test func `what goes to a kind waits for the kinds of every context, and one that refuses is not waited for`() async throws {
        try await JoinedFixture.with { fixture in
            for server in [fixture.near.server, fixture.far] { server.hold(.get, "/apis") }
            fixture.near.app.run(line: "ctx kdash+prod+late")
            let app = try #require(fixture.workspace.app)
            let application = HeadlessApplication(fixture.near, of: app)
            try await fixture.near.until("what is wrong with the third") { app.joined?.members[2].trouble != nil }
            try await application.press("g n")
            #expect(application.shows("takes back what waits for the kinds of kdash, prod: g n") && app.toasts.isEmpty)
            for server in [fixture.near.server, fixture.far] { server.release(.get, "/apis") }
            try await fixture.near.until("the other kind") {
                application.paint()
                return app.kind.id == "nodes"
            }
            #expect(app.typedAhead == nil && app.toasts.isEmpty)
        }
    }
}

import KubeClient
import Testing

@testable import ViewModels

/// Help that is asked for while keys wait.
@MainActor @Suite struct StartHelpTests {
    @Test func `F1 opens help past what waits, and what waits goes on when it closes`() async throws {
        try await StartTests.with { application, reachable in
            let app = application.fixture.app
            try await application.press(": \"secrets\" enter j d f1 \"scale\"")
            #expect(application.shows("type to search") && application.shows("scale") && app.typedAhead?.keys == ["Enter", "j", "d"])
            #expect(!application.shows("takes back what waits"))
            reachable.isOn = true
            try await application.fixture.until("the cluster") { app.connection == .ready }
            try await application.pass(.seconds(1))
            application.paint()
            #expect(application.shows("type to search") && app.detail == nil, "nothing is done behind help")
            try await application.press("esc")
            try await application.expect("Describe", "keys-2")
            #expect(app.kind.id == "secrets" && app.typedAhead == nil)
        }
        try await StartTests.with { application, _ in
            let app = application.fixture.app
            try await application.press("j f1 esc")
            #expect(app.modal == nil && application.shows("takes back what waits for the cluster: j"))
            try await application.press("f1 f1 esc")
            #expect(app.modal == nil && app.typedAhead == nil && application.shows("1 key taken back"))
        }
    }
}

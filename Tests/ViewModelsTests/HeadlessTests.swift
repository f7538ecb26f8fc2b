import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

/// Whole tasks from keys to requests and back to the frame, on a clock that stands.
@MainActor @Suite struct HeadlessTests {
    @Test func `a pod is deleted by keys, after a question that shows it`() async throws {
        try await HeadlessApplication.with { application in
            try await application.press("home j D")
            try await application.expect("Delete now, without grace")
            try await application.press("d")
            try await application.expect("Delete this pod?", "uid-web-2")
            try await application.press("n")
            #expect(!application.shows("Delete this pod?") && application.fixture.server.writes.isEmpty)
            try await application.press("D d y")
            try await application.fixture.until("it is gone") { !application.shows("▌ web-2") && application.fixture.app.pods.count == 1 }
            let body = try JSON.parse(try #require(application.fixture.server.writes.last).body)
            #expect(body["preconditions", "uid"] == "uid-web-2")
        }
    }

    @Test func `what is typed filters, stays over places, and Esc takes it away`() async throws {
        try await HeadlessApplication.with { application in
            try await application.press("/ \"web-2\" enter")
            #expect(application.shows("1 of 2 /web-2") && !application.shows("web-1  "))
            try await application.press("g n g p")
            try await application.expect("1 of 2 /web-2")
            try await application.press("esc")
            try await application.expect("web-1", "web-2")
            #expect(!application.shows("1 of 2"))
        }
    }

    @Test func `ages and messages go by the clock alone`() async throws {
        try await HeadlessApplication.with { application in
            try await application.press("ctrl-c")
            #expect(application.shows("q quits; Ctrl-C never does"))
            try await application.pass(.seconds(5))
            #expect(!application.shows("q quits; Ctrl-C never does"))
        }
    }

    @Test func `a text typed in the editor is a draft on disk before it is applied, and one request after`() async throws {
        try await HeadlessApplication.with { application in
            try await application.press("c")
            try await application.expect("TYPE")
            try await application.paste("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: typed\ndata:\n  q: D d y\n")
            try await application.pass(.seconds(2))
            try await application.expect("draft saved")
            try await application.press("f2")
            try await application.expect("1 object is created")
            #expect(application.fixture.server.writes.isEmpty)
            try await application.press("y")
            try await application.fixture.until("it is there") {
                application.fixture.server.object("/api/v1/namespaces/default/configmaps/typed") != nil
            }
        }
    }

    @Test(arguments: [(1, 1), (39, 7), (40, 8), (80, 24), (120, 40), (200, 50), (500, 200)])
    func `every size takes keys and shows a frame`(width: Int, height: Int) async throws {
        try await HeadlessApplication.with { application in
            application.size = (width, height)
            try await application.press("j d esc : esc ? esc 3 z 4 z 1 2")
            let rows = application.paint().split(separator: "\n", omittingEmptySubsequences: false)
            #expect(rows.count == height && rows.allSatisfy { $0.count <= width })
            application.size = (120, 40)
            try await application.expect("BROWSE", "web-1")
        }
    }
}

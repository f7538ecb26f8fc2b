import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct RowHealthTests {
    nonisolated static let pods: [(name: String, ready: (String, Tone), status: (String, Tone), restarts: Int, fails: Bool)] = [
        ("fine", ("1/1", .normal), ("Running", .ok), 0, false), ("restarted-long-ago", ("1/1", .normal), ("Running", .ok), 3, false),
        ("crashing", ("0/1", .warning), ("CrashLoopBackOff", .error), 9, true), ("not-ready", ("1/2", .warning), ("Running", .ok), 0, true),
        ("done", ("0/1", .dim), ("Completed", .done), 2, false), ("going", ("0/1", .warning), ("Terminating", .dim), 0, false),
    ]

    private static func table() -> ResourcesModel {
        let table = ResourcesModel(signal: ChangeSignal(), title: "Pods", layout: PodRow.columns)
        table.upsert(
            pods.map { pod in
                ResourceRow(
                    uid: "uid-\(pod.name)", namespace: "default", name: pod.name, createdAt: Timestamp(seconds: 1),
                    cells: [
                        .text(pod.name, .normal), .text(pod.ready.0, pod.ready.1), .text(pod.status.0, pod.status.1),
                        .number(pod.restarts, pod.restarts == 0 ? .dim : .warning), .usage(Usage(used: 1, unit: .bytes, note: "n")),
                        .usage(Usage(unit: .milliCPU)),
                        .age(Timestamp(seconds: 1)),
                    ])
            }, now: Timestamp(seconds: 2))
        return table
    }

    private static func names(_ table: ResourcesModel) -> Set<String> {
        Set((0..<table.count).compactMap { if case .text(let name, _)? = table.row(at: $0).cells.dropFirst().first { name } else { nil } })
    }

    @Test func `what fails is kept, and what has ended or was restarted is not`() {
        let table = Self.table()
        table.filter = "is:failing"
        #expect(Self.names(table) == Set(Self.pods.filter(\.fails).map(\.name)))
        table.filter = "!is:failing"
        #expect(Self.names(table) == Set(Self.pods.filter { !$0.fails }.map(\.name)))
        table.filter = "is:failing crash"
        #expect(Self.names(table) == ["crashing"])
    }

    @Test(arguments: ["is", "is:", "is:f", "is:failin"])
    func `half of the word hides nothing but what its letters do`(text: String) {
        let table = Self.table()
        table.filter = text
        #expect(table.count == (text == "is" ? 0 : Self.pods.count))
    }

    @Test func `a row that begins or ends to fail comes and goes`() {
        let table = Self.table()
        table.filter = "is:failing"
        var row = table.row(uid: "uid-fine")!
        row.cells[2] = .text("Error", .error)
        table.upsert([row], now: Timestamp(seconds: 3))
        #expect(Self.names(table) == ["crashing", "not-ready", "fine"])
        row.cells[2] = .text("Running", .ok)
        table.upsert([row], now: Timestamp(seconds: 4))
        #expect(Self.names(table) == ["crashing", "not-ready"])
    }

    @Test func `the command sets the word beside a filter, and takes it away`() {
        let app = AppModel(clock: { Timestamp(seconds: 0) })
        app.pods.filter = "web"
        app.run(command: "objects.failing")
        #expect(app.pods.filter == "web is:failing")
        app.run(command: "objects.failing")
        #expect(app.pods.filter == "web")
    }

    @Test func `other columns that begin with is can be named`() {
        #expect(RowFilter("is:true").terms.count == 1 && RowFilter("isolated:yes").terms.count == 1)
    }
}

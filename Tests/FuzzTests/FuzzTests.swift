import Testing

/// Runs every target for a bounded time, each in a process of its own.
@Suite(.serialized) struct FuzzTests {
    private static let chosen: [FuzzTarget] = {
        guard let names = FuzzPlan.variable("TARGETS")?.split(separator: ",") else { return FuzzTarget.all }
        return FuzzTarget.all.filter { names.contains($0.name[...]) }
    }()

    @Test(.enabled(if: FuzzPlan.variable("WORKER") == nil), arguments: chosen)
    func inputs(of target: FuzzTarget) async throws {
        let outcome = try await FuzzRun(target: target, plan: .environment)()
        print("measured \(outcome.summary)")
        if let failure = outcome.failure { Issue.record("\(failure)") }
    }
}

/// The other end of `FuzzRun`: not a test, but what runs in the process that it starts.
struct FuzzWorkerTests {
    @Test(.enabled(if: FuzzPlan.variable("WORKER") != nil))
    func work() async throws {
        let name = try #require(FuzzPlan.variable("WORKER"))
        let target = try #require((FuzzTarget.all + FuzzTarget.faulty).first { $0.name == name })
        try await FuzzWorker.run(target, .environment, slot: try #require(FuzzPlan.variable("SLOT")))
    }
}

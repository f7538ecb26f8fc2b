import Glibc

/// How long and from where to run, from the environment. `docs/testing.md` explains the variables.
struct FuzzPlan: Sendable {
    /// Seconds a target runs.
    var seconds: Double = 3
    /// Where the random choices start.
    var seed: UInt64 = UInt64.random(in: 0..<(1 << 32))
    /// The only input to run.
    var input: String?
    /// Where inputs that did something new are kept, for later runs.
    var keep: String?
    /// Processor seconds that one input may take. Inputs have at most 64 KiB, so even a slow build needs no tenth of it.
    var patience: Double = 5

    static func variable(_ name: String) -> String? { getenv("KDASH_FUZZ_\(name)").map { String(cString: $0) } }

    /// What the variables say.
    static var environment: FuzzPlan {
        var plan = FuzzPlan()
        if let seconds = variable("SECONDS").flatMap(Double.init) { plan.seconds = seconds }
        if let seed = variable("SEED").flatMap({ UInt64($0) }) { plan.seed = seed }
        if let patience = variable("PATIENCE").flatMap(Double.init) { plan.patience = patience }
        plan.input = variable("INPUT")
        plan.keep = variable("KEEP")
        return plan
    }

    /// The variables that say the same to another process.
    var variables: [String] {
        ["KDASH_FUZZ_SECONDS=\(seconds)", "KDASH_FUZZ_SEED=\(seed)", "KDASH_FUZZ_PATIENCE=\(patience)"]
            + (input.map { ["KDASH_FUZZ_INPUT=\($0)"] } ?? []) + (keep.map { ["KDASH_FUZZ_KEEP=\($0)"] } ?? [])
    }
}

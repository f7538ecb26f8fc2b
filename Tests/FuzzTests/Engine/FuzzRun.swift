import Glibc
import LinuxKernel

/// Starts a worker, waits for it and says what became of it.
struct FuzzRun: Sendable {
    let target: FuzzTarget
    var plan: FuzzPlan
    /// Where an input that the worker died of is saved.
    var failures = "\(Corpus.root)/.build/fuzz"

    /// How a run ended.
    struct Outcome: Sendable {
        /// What went wrong; nil for nothing.
        var failure: String?
        /// The file with the input.
        var path: String?
        /// A line of figures.
        var summary: String
    }

    /// No input is waited for any longer, whatever it waits for.
    private static let standstill = Duration.seconds(60)

    func callAsFunction() async throws -> Outcome {
        let directory = "\(FileSystem.isDirectory("/dev/shm") ? "/dev/shm" : "/tmp")/kdash-fuzz-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: what mattered has been read
        let slot = try FuzzSlot("\(directory)/slot")
        let log = open("\(directory)/log", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        defer { close(log) }
        // This very bundle, with one test that ends the process itself.
        let program = try FileSystem.readLink("/proc/self/exe")
        let child = try ChildProcess.start(
            program, arguments: [program, "--testing-library", "swift-testing", "--filter", "FuzzWorkerTests"],
            environment: [
                "HOME=\(directory)", "KUBECONFIG=\(directory)/config", "XDG_RUNTIME_DIR=\(directory)", "XDG_DATA_HOME=\(directory)",
                "XDG_STATE_HOME=\(directory)", "XDG_CONFIG_HOME=\(directory)", "XDG_CACHE_HOME=\(directory)", "PATH=/usr/bin:/bin",
                "NO_COLOR=1", "SWIFT_BACKTRACE=enable=no", "KDASH_FUZZ_WORKER=\(target.name)", "KDASH_FUZZ_SLOT=\(directory)/slot",
            ] + plan.variables,
            standardStreams: (nil, log, log), newSession: true)
        let (exit, stoodStill) = try await KernelThread.run("kdash-fuzz-wait") { try Self.wait(for: child, slot) }
        let text = try FileSystem.readText("\(directory)/log", limit: 16 << 20)
        return try outcome(exit, stoodStill: stoodStill, slot, log: text)
    }

    private static func wait(for child: ChildProcess, _ slot: FuzzSlot) throws -> (ChildProcess.Exit, Bool) {
        let pidfd = try child.pidfd()
        let clock = ContinuousClock()
        var (count, last) = (slot.count, clock.now)
        while try !pollReadable([pidfd.raw], timeout: .seconds(1))[0] {
            if slot.count != count { (count, last) = (slot.count, clock.now) }
            guard clock.now - last > standstill else { continue }
            try ChildProcess.signal(SIGKILL, to: pidfd)
            return (try child.wait(), true)
        }
        return (try child.wait(), false)
    }

    private func outcome(_ exit: ChildProcess.Exit, stoodStill: Bool, _ slot: FuzzSlot, log: String) throws -> Outcome {
        let summary = "fuzzing of \(target.name): \(slot.count) inputs, \(slot.kept) kept, \(slot.features) features, seed \(plan.seed)"
        let what: String
        switch exit {
        case .code(0) where slot.count > 0: return Outcome(summary: summary)
        case .code(FuzzWorker.broken): what = "breaks a rule: \(slot.message)"
        case .signal(SIGPROF): what = "takes more than \(plan.patience) s"
        case .signal(SIGKILL) where stoodStill: what = "does not end"
        case .signal(let signal): what = "ends the process with signal \(signal): \(Self.last(log))"
        case .code(let code): what = "ends the process with code \(code): \(Self.last(log))"
        }
        guard slot.count > 0 else { return Outcome(failure: "\(target.name) did not begin: \(what)", summary: summary) }
        let path = try Corpus.save(slot.input, in: "\(failures)/\(target.name)")
        let again = "KDASH_FUZZ_TARGETS=\(target.name) KDASH_FUZZ_INPUT=\(path) swift test --skip-build --filter FuzzTests/inputs"
        let text = "an input of \(target.name) \(what)\nthe input: \(path) (seed \(plan.seed), number \(slot.count))\nonce more: \(again)"
        return Outcome(failure: text, path: path, summary: summary)
    }

    /// The words a process died with.
    private static func last(_ log: String) -> String {
        let lines = log.split(separator: "\n")
        return (lines.first { $0.contains("Fatal error") || $0.contains("error:") } ?? lines.last).map { String($0.prefix(500)) } ?? ""
    }
}

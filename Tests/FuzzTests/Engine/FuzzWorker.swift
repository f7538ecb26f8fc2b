import Glibc
import LinuxKernel

/// The process that runs inputs. It may end at any of them; `FuzzRun` then knows which one it was.
struct FuzzWorker: Sendable {
    /// The exit code for an input that broke a rule.
    static let broken: CInt = 70

    private let target: FuzzTarget
    private let plan: FuzzPlan
    private let slot: FuzzSlot
    private let body: FuzzTarget.Body

    /// Runs a target as the plan says and ends the process.
    static func run(_ target: FuzzTarget, _ plan: FuzzPlan, slot path: String) async throws -> Never {
        let worker = FuzzWorker(target: target, plan: plan, slot: try FuzzSlot(path), body: try await target.prepare())
        try worker.limitMemory()
        worker.start()
        // The process ends before this does.
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        fatalError("the thread of the worker ends the process")
    }

    /// Runs on a thread with the stack that event loops have: that of the pool is no place to wait on.
    private func start() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 8 << 20)
        var thread = pthread_t()
        let error = pthread_create(
            &thread, &attributes,
            { argument in
                let worker = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().worker
                do {
                    try worker.loop()
                    _exit(0)
                } catch {
                    print("error: \(error)")
                    exit(1)
                }
            }, Unmanaged.passRetained(Box(worker: self)).toOpaque())
        precondition(error == 0, "a thread can be made: \(error)")
    }

    private final class Box {
        let worker: FuzzWorker
        init(worker: FuzzWorker) { self.worker = worker }
    }

    /// A run that needs more ends as one that traps.
    private func limitMemory() throws {
        let line = try FileSystem.readText("/proc/self/status").split(separator: "\n").first { $0.hasPrefix("VmData:") }
        let held = line.flatMap { Int($0.split(whereSeparator: { !$0.isNumber }).first ?? "") } ?? 0
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
        limit.rlim_cur = rlim_t(held << 10 + target.memory)
        try SystemError.check("setrlimit", "RLIMIT_DATA") { setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) }
    }

    private func loop() throws {
        if let input = plan.input {
            _ = try attempt(try FileSystem.readFile(input))
            return
        }
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(plan.seconds)
        var random = FuzzRandom(seed: plan.seed)
        var pool = FuzzPool()
        let mutator = Mutator(target)
        let folder = plan.keep.map { "\($0)/\(target.name)" }
        for (_, bytes) in try Corpus.committed(target) + (folder.map(Corpus.read) ?? []) { pool.add(bytes, try attempt(bytes)) }
        if pool.isEmpty { pool.add([], try attempt([])) }
        report(pool)
        while clock.now < deadline {
            let input = mutator.mutate(pool.pick(&random), with: pool.inputs, &random)
            guard pool.add(input, try attempt(input)) else { continue }
            if let folder { try Corpus.save(input, in: folder) }
            report(pool)
        }
    }

    private func report(_ pool: FuzzPool) {
        slot.features = pool.features.count
        slot.kept = pool.inputs.count
    }

    /// Runs one input. Does not return when it breaks a rule.
    private func attempt(_ input: [UInt8]) throws -> Set<UInt64> {
        let input = Array(input.prefix(FuzzSlot.largest))
        slot.input = input
        Self.endUnlessDone(within: plan.patience)
        var seen = Observation()
        do {
            try body(input, &seen)
            return seen.features
        } catch let violation as Violation {
            slot.input = minimized(input, violation)
            _exit(Self.broken)
        }
    }

    /// Processor time, so that a busy machine is no fault of the input.
    private static func endUnlessDone(within seconds: Double) {
        var timer = itimerval()
        timer.it_value.tv_sec = Int(seconds)
        timer.it_value.tv_usec = suseconds_t(seconds.truncatingRemainder(dividingBy: 1) * 1e6)
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    }

    /// The input without what it does not need to break the same rule, as far as that is found in little time.
    private func minimized(_ input: [UInt8], _ violation: Violation) -> [UInt8] {
        var smallest = input
        var message = violation.description
        Self.endUnlessDone(within: plan.patience + 5)
        let deadline = ContinuousClock().now + .seconds(2)
        var width = max(1, input.count / 2)
        while width > 0 {
            var start = 0
            while start < smallest.count, ContinuousClock().now < deadline {
                var smaller = smallest
                smaller.removeSubrange(start..<min(start + width, smaller.count))
                var seen = Observation()
                do {
                    try body(smaller, &seen)
                    start += width
                } catch let found as Violation where found.rule == violation.rule {
                    smallest = smaller
                    message = found.description
                } catch {
                    start += width
                }
            }
            width /= 2
        }
        slot.message = message
        return smallest
    }
}

/// The inputs that mutations start from, each of which was the first to do something.
struct FuzzPool {
    private(set) var inputs: [[UInt8]] = []
    private(set) var features: Set<UInt64> = []

    var isEmpty: Bool { inputs.isEmpty }

    /// Takes an input that did something new. Returns whether it did.
    @discardableResult
    mutating func add(_ input: [UInt8], _ seen: Set<UInt64>) -> Bool {
        guard !seen.isSubset(of: features) || inputs.isEmpty else { return false }
        features.formUnion(seen)
        // What starts from a large one is as large, and takes the time of many.
        guard input.count <= 8 << 10 || isEmpty else { return false }
        inputs.append(input)
        return true
    }

    /// One input; the latest are more likely to lead on, and short ones are quick.
    func pick(_ random: inout FuzzRandom) -> [UInt8] {
        let (one, other) = (random.below(inputs.count), random.below(inputs.count))
        if random.once(in: 3) { return inputs[max(one, other)] }
        return inputs[inputs[one].count < inputs[other].count ? one : other]
    }
}

import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// What containers and nodes used in the last hour, in steps of ten seconds. Bounded: an hour of each, and a number of containers.
struct UsageHistory {
    /// One step's values: sums over its samples, so that any number of samples a step gives the mean.
    struct Step: Sendable, Hashable {
        var cpu = 0.0
        var memory = 0.0
        /// The share of time held back by the CPU limit, summed as the others.
        var throttled = 0.0
        var cpuSamples = 0
        var samples = 0
        /// Transfers, waiting and kills.
        var rates = UsageRates()
    }

    /// A ring of the last hour.
    struct Ring: Sendable {
        private var steps = [Step](repeating: Step(), count: UsageHistory.steps)
        /// The newest step, counted since the epoch.
        private(set) var last: Int64 = 0
        fileprivate var reading: (at: Timestamp, usage: UsageSample)?
        fileprivate var traffic: (at: Timestamp, sample: TransferSample)?

        /// Goes on to a step, emptying those in between.
        fileprivate mutating func move(to step: Int64) {
            guard step > last else { return }
            let gap = min(Int64(UsageHistory.steps), step - last)
            for offset in 0..<gap { steps[index(step - offset)] = Step() }
            last = step
        }

        /// Goes on to a step with a mean that a source tells now and then: it stands for the few steps since the one before, too.
        fileprivate mutating func fill(to step: Int64, _ body: (inout Step) -> Void) {
            let first = last > 0 && last < step ? max(last + 1, step - 2) : step
            move(to: step)
            guard last == step else { return }
            for place in max(0, first)...step { body(&steps[index(place)]) }
        }

        fileprivate mutating func add(_ body: (inout Step) -> Void) { body(&steps[index(last)]) }

        /// The last `count` steps up to `now`, oldest first.
        func values(to now: Int64, count: Int = UsageHistory.steps) -> [Step] {
            (0..<Int64(count)).map { offset in
                let step = now - Int64(count) + 1 + offset
                return step > last || step <= last - Int64(UsageHistory.steps) ? Step() : steps[index(step)]
            }
        }

        private func index(_ step: Int64) -> Int { Int(step % Int64(UsageHistory.steps)) }
    }

    /// Seconds of a step.
    static let step = 10
    /// Steps of an hour.
    static let steps = 360
    /// The most containers that are remembered.
    static let capacity = 2000

    private var rings: [String: Ring] = [:]
    private var nodes: [String: Ring] = [:]

    /// Which step a moment belongs to.
    static func step(_ time: Timestamp) -> Int64 { max(0, time.seconds) / Int64(step) }

    /// Takes a sample of every node.
    mutating func take(_ samples: [NodeStats]) {
        var newest: Int64 = 0
        for node in samples {
            let step = Self.step(node.sampledAt)
            newest = max(newest, step)
            if !node.node.isEmpty { Self.take(node.usage, at: node.sampledAt, step, &nodes[node.node, default: Ring()]) }
            for pod in node.pods {
                takeTraffic(pod, at: node.sampledAt, step)
                for container in pod.containers where container.usage.isMeasured {
                    let key = Self.key(pod.identity, container.name)
                    guard rings[key] != nil || rings.count < Self.capacity else { continue }
                    Self.take(container.usage, at: node.sampledAt, step, &rings[key, default: Ring()])
                }
            }
        }
        if newest > 0 {
            rings = rings.filter { newest - $0.value.last < Int64(Self.steps) }
            nodes = nodes.filter { newest - $0.value.last < Int64(Self.steps) }
        }
    }

    /// The part of some samples that ``take(_:)`` has room for: of a large cluster a small one, which is taken at once.
    func part(of samples: [NodeStats]) -> [NodeStats] {
        var room = max(0, Self.capacity - rings.count)
        func has(_ key: String) -> Bool {
            if rings[key] != nil { return true }
            room -= 1
            return room >= 0
        }
        return samples.map { node in
            var node = node
            node.pods = node.pods.filter { pod in
                let isTold = pod.network != nil && has(Self.key(pod.uid, ""))
                return pod.containers.reduce(isTold) { $1.usage.isMeasured && has(Self.key(pod.identity, $1.name)) || $0 }
            }
            return node
        }
    }

    /// The network is a pod's, not a container's: its ring has no container's name.
    private mutating func takeTraffic(_ pod: PodStats, at time: Timestamp, _ step: Int64) {
        let key = Self.key(pod.uid, "")
        guard let sample = pod.network, rings[key] != nil || rings.count < Self.capacity else { return }
        var ring = rings.removeValue(forKey: key) ?? Ring()
        ring.move(to: step)
        if ring.last == step {
            let before = ring.traffic
            ring.traffic = (time, sample)
            if let before, time > before.at, time - before.at <= Self.longest {
                ring.add { $0.rates.add(sample, since: before.sample, seconds: (time - before.at) / .seconds(1)) }
            }
        }
        rings[key] = ring
    }

    /// After a longer pause the mean since then is all that is known, and belongs to no single step.
    private static let longest = Duration.seconds(60)

    private static func take(_ usage: UsageSample, at time: Timestamp, _ step: Int64, _ ring: inout Ring) {
        if let rate = usage.cpuRate {
            return ring.fill(to: step) { value in
                value.samples += 1
                value.memory += Double(usage.workingSet.value)
                value.cpuSamples += 1
                value.cpu += Double(rate) / 1e6
            }
        }
        ring.move(to: step)
        guard ring.last == step, usage.isMeasured else { return }
        let before = ring.reading
        ring.reading = (time, usage)
        ring.add { value in
            value.samples += 1
            value.memory += Double(usage.workingSet.value)
            guard let before, time > before.at else { return }
            let elapsed = time - before.at
            let kills = usage.outOfMemoryKills - before.usage.outOfMemoryKills
            if kills > 0 { value.rates.kills = UInt16(clamping: Int64(value.rates.kills) + kills) }
            guard elapsed <= longest else { return }
            value.cpuSamples += 1
            value.cpu += Double(usage.nanoCPU(since: before.usage, over: elapsed)) / 1e6
            value.rates.add(usage.disk, since: before.usage.disk, seconds: elapsed / .seconds(1))
            value.rates.add(usage.pressure, since: before.usage.pressure, seconds: elapsed / .seconds(1))
            let held = usage.throttledNanoseconds - before.usage.throttledNanoseconds
            if held > 0 { value.throttled += min(1, Double(held) / max(1, elapsed / .nanoseconds(1))) }
        }
    }

    /// Forgets everything: another cluster is shown.
    mutating func removeAll() { (rings, nodes) = ([:], [:]) }

    /// The last hour of a container; empty steps where nothing is known.
    func container(_ uid: String, _ name: String, now: Timestamp) -> [Step] {
        rings[Self.key(uid, name)]?.values(to: Self.step(now)) ?? [Step](repeating: Step(), count: Self.steps)
    }

    /// The last hour of a pod's container, where the source tells names alone, too: what was before the pod was a namesake's.
    func container(of pod: Pod, _ name: String, now: Timestamp) -> [Step] {
        let named = Self.key(PodStats.identity(namespace: pod.namespace ?? "", name: pod.name), name)
        guard rings[Self.key(pod.uid, name)] == nil, let ring = rings[named] else { return container(pod.uid, name, now: now) }
        var steps = ring.values(to: Self.step(now))
        let before = pod.object.creationTimestamp.map { Self.step($0) - Self.step(now) + Int64(Self.steps) - 1 } ?? 0
        for index in steps.indices.prefix(Int(clamping: max(0, before))) { steps[index] = Step() }
        return steps
    }

    /// The last hour of a pod's own network.
    func network(_ uid: String, now: Timestamp) -> [Step] { container(uid, "", now: now) }

    /// The last hour of all nodes together.
    func cluster(now: Timestamp) -> [Step] {
        let all = nodes.values.map { $0.values(to: Self.step(now)) }
        return (0..<Self.steps).map { index in
            var sum = Step()
            for node in all {
                let step = node[index]
                if step.samples > 0 {
                    sum.memory += step.memory / Double(step.samples)
                    sum.samples = 1
                }
                if step.cpuSamples > 0 {
                    sum.cpu += step.cpu / Double(step.cpuSamples)
                    sum.cpuSamples = 1
                }
            }
            return sum
        }
    }

    private static func key(_ uid: String, _ name: String) -> String { "\(uid)/\(name)" }
}

extension [UsageHistory.Step] {
    /// Mean CPU of each step, in thousandths of a core.
    var cpu: [Double?] { map { $0.cpuSamples == 0 ? nil : $0.cpu / Double($0.cpuSamples) } }
    /// Mean memory of each step, in bytes.
    var memory: [Double?] { map { $0.samples == 0 ? nil : $0.memory / Double($0.samples) } }
    /// The steps in which the limit held back more than a twentieth of the time.
    var throttled: [Int: ChartModel.Mark] {
        var marks: [Int: ChartModel.Mark] = [:]
        for (index, step) in enumerated() where step.cpuSamples > 0 && step.throttled / Double(step.cpuSamples) > 0.05 { marks[index] = .throttled }
        return marks
    }
}

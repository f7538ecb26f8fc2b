import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// How many pods it takes to bring what they use to a target. Source: pkg/controller/podautoscaler/replica_calculator.go.
struct ReplicaCalculation {
    /// What one pod used, in thousandths of the resource's unit.
    struct Usage: Sendable, Hashable {
        var milli: Int64
        /// End of the time it was measured over, and how long that was.
        var time: Timestamp
        var window: Duration
    }

    /// What is aimed at.
    enum Target: Sendable, Hashable {
        /// Percent of what the containers request.
        case utilization(Int64)
        /// Thousandths of the unit, for each pod.
        case average(Int64)
    }

    /// What came out.
    struct Proposal: Sendable, Hashable {
        var replicas: Int64
        /// Percent of the requests; nil for a target that is an average.
        var utilization: Int64?
        /// Thousandths of the unit, for each pod that was measured.
        var average: Int64
    }

    /// Why nothing came out; the API's words.
    struct Problem: Error, Sendable, Hashable {
        var message: String
    }

    /// The kubelet's and the controller manager's defaults.
    private static let initialization = Duration.seconds(300)
    private static let readinessDelay = Duration.seconds(30)

    let resource: String
    /// Only this container's use counts; nil for all.
    let container: String?
    /// How far from the target the ratio may be without a change, down and up. Default 0.1.
    var tolerances: (down: Double, up: Double) = (0.1, 0.1)
    let now: Timestamp

    /// - Parameters:
    ///   - current: how many pods are wanted now.
    ///   - pods: those that the target's selector finds.
    ///   - usage: what was measured, by the pod's name.
    func propose(current: Int64, pods: [Pod], usage: [String: Usage], target: Target) throws(Problem) -> Proposal {
        guard !usage.isEmpty else { throw Problem(message: "no metrics returned from resource metrics API") }
        guard !pods.isEmpty else { throw Problem(message: "no pods returned by selector while calculating replica count") }
        var measured: [String: Int64] = [:]
        var (unready, missing): ([String], [String]) = ([], [])
        for pod in pods where !pod.object.isBeingDeleted && pod.status.phase != "Failed" {
            if pod.status.phase == "Pending" {
                unready.append(pod.name)
            } else if let own = usage[pod.name] {
                if isSettling(pod, own) { unready.append(pod.name) } else { measured[pod.name] = own.milli }
            } else {
                missing.append(pod.name)
            }
        }
        guard !measured.isEmpty else { throw Problem(message: "did not receive metrics for targeted pods (pods might be unready)") }
        let requests = try requests(pods, target)
        let first = try ratio(measured, requests, target)
        let readyCount = Int64(measured.count)
        let raisesWithUnready = !unready.isEmpty && first.ratio > 1
        var proposal = Proposal(replicas: current, utilization: first.utilization, average: first.average)
        if !raisesWithUnready, missing.isEmpty {
            if !isTolerated(first.ratio) { proposal.replicas = Int64(clamping: (first.ratio * Double(readyCount)).rounded(.up)) }
            return proposal
        }
        // Pods of which nothing is known keep the change small: they count as using what is aimed at, or nothing.
        if first.ratio < 1 {
            for name in missing { measured[name] = assumed(requests[name] ?? 0, target) }
        } else if first.ratio > 1 {
            for name in missing { measured[name] = 0 }
        }
        if raisesWithUnready { for name in unready { measured[name] = 0 } }
        let second = try ratio(measured, requests, target)
        if isTolerated(second.ratio) || (first.ratio < 1 && second.ratio > 1) || (first.ratio > 1 && second.ratio < 1) { return proposal }
        let wanted = Int64(clamping: (second.ratio * Double(measured.count)).rounded(.up))
        if (second.ratio < 1 && wanted > current) || (second.ratio > 1 && wanted < current) { return proposal }
        proposal.replicas = wanted
        return proposal
    }

    private func isTolerated(_ ratio: Double) -> Bool { ratio >= 1 - tolerances.down && ratio <= 1 + tolerances.up }

    /// Whether what a pod uses says little yet: it starts, and processors are busy then.
    private func isSettling(_ pod: Pod, _ usage: Usage) -> Bool {
        guard resource == "cpu" else { return false }
        guard let ready = pod.status.conditions["Ready"], let start = pod.status.startTime else { return true }
        let since = ready.lastTransitionTime ?? start
        if start.advanced(by: Self.initialization) > now {
            return !ready.isTrue || usage.time < since.advanced(by: usage.window)
        }
        return !ready.isTrue && start.advanced(by: Self.readinessDelay) > since
    }

    private func requests(_ pods: [Pod], _ target: Target) throws(Problem) -> [String: Int64] {
        guard case .utilization = target else { return [:] }
        var found: [String: Int64] = [:]
        for pod in pods {
            var sum: Int64 = 0
            var isFound = container == nil
            let always = pod.spec.initContainers.filter { $0.restartPolicy == "Always" }
            for one in pod.spec.containers + always where container == nil || one.name == container {
                isFound = true
                guard let request = Quantity(decoded: one.value["resources"]?["requests"]?[resource]) else {
                    throw Problem(message: "failed to get \(resource) utilization: missing request for \(resource) in container \(one.name) of Pod \(pod.name)")
                }
                sum = Int64(clamping: Double(sum) + Double(request.milliValue))
            }
            guard isFound else {
                throw Problem(message: "failed to get \(resource) utilization: container \(container ?? "") was not found in Pod \(pod.name)")
            }
            found[pod.name] = sum
        }
        return found
    }

    private func ratio(_ usage: [String: Int64], _ requests: [String: Int64], _ target: Target) throws(Problem)
        -> (ratio: Double, utilization: Int64?, average: Int64)
    {
        let total = usage.values.reduce(0.0) { $0 + Double($1) }
        let average = Int64(clamping: total / Double(max(1, usage.count)))
        switch target {
        case .utilization(let percent):
            let wanted = usage.keys.reduce(0.0) { $0 + Double(requests[$1] ?? 0) }
            guard wanted > 0 else { throw Problem(message: "no metrics returned matched known pods") }
            let utilization = Int64(clamping: total * 100 / wanted)
            return (Double(utilization) / Double(max(1, percent)), utilization, average)
        case .average(let milli): return (Double(average) / Double(max(1, milli)), nil, average)
        }
    }

    private func assumed(_ request: Int64, _ target: Target) -> Int64 {
        switch target {
        case .utilization(let percent): Int64(clamping: Double(request) * Double(max(100, percent)) / 100)
        case .average(let milli): milli
        }
    }
}

extension Int64 {
    /// Without its fraction; the nearest number for one that is too large. What users and clients write must not trap.
    init(clamping value: Double) {
        switch value {
        case 0x1p63...: self = .max
        case ..<(-0x1p63): self = .min
        default: self = value.isNaN ? 0 : Int64(value)
        }
    }
}

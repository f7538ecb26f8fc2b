import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// What one look at an autoscaler and its target comes to. Source: pkg/controller/podautoscaler/horizontal.go.
struct AutoscalerDecision: Sendable {
    /// What the containers of a pod used, as metrics.k8s.io tells it.
    struct PodUsage: Sendable, Hashable {
        var time: Timestamp
        var window: Duration
        /// Quantities by container, then by resource.
        var containers: [String: [String: Quantity]]

        init?(_ value: JSONValue) {
            guard let time = value["timestamp"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else { return nil }
            self.time = time
            window = value["window"]?.stringValue.flatMap(Self.seconds) ?? .seconds(60)
            containers = [:]
            for container in value["containers"]?.arrayValue ?? [] {
                guard let name = container["name"]?.stringValue, let usage = container["usage"]?.objectValue else { continue }
                containers[name] = Dictionary(usage.compactMap { part in Quantity(decoded: part.value).map { (part.key, $0) } }) { _, last in last }
            }
        }

        /// From `1m2.5s`; nil for another form.
        private static func seconds(_ text: String) -> Duration? {
            var (total, number) = (0.0, "")
            for character in text {
                guard let unit = ["h": 3600.0, "m": 60, "s": 1][character] else {
                    number.append(character)
                    continue
                }
                guard let amount = Double(number) else { return nil }
                (total, number) = (total + amount * unit, "")
            }
            return number.isEmpty ? .seconds(min(max(total, 0), 1e9)) : nil
        }
    }

    /// How many pods are wanted now.
    private(set) var desired: Int64
    /// Why the number changes, for the event; empty when it does not.
    private(set) var reason = ""
    private(set) var conditions: [Condition] = []
    private(set) var metrics: [JSONValue] = []
    /// Warnings, as reason and message.
    private(set) var warnings: [(reason: String, message: String)] = []
    /// Whether the number could be found out.
    private(set) var isKnown = true

    private let now: Timestamp

    /// - Parameters:
    ///   - autoscaler: of autoscaling/v2.
    ///   - current: the replicas that its target is to have.
    ///   - usage: by the pod's name, or why it cannot be read.
    init(
        _ autoscaler: KubeObject, current: Int64, pods: [Pod], usage: Result<[String: PodUsage], ReplicaCalculation.Problem>,
        _ history: inout ScalingHistory, now: Timestamp
    ) {
        self.now = now
        // Of a custom resource it may be any number.
        let current = min(max(current, 0), Int64(Int32.max))
        desired = current
        let least = autoscaler.integer("spec", "minReplicas") ?? 1
        let most = max(autoscaler.integer("spec", "maxReplicas") ?? least, least)
        let rules = ScalingRules(autoscaler["spec"]?["behavior"])
        history.forget(rules, now)
        // Of an autoscaler that was not looked at before, the number that is there is the first proposal: nothing shrinks at once.
        if history.proposals.isEmpty { history.proposals.append(.init(time: now, count: current)) }
        set("AbleToScale", true, "SucceededGetScale", "the HPA controller was able to get the target's current scale")
        if current == 0, least != 0 {
            set("ScalingActive", false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
        } else if current > most {
            (desired, reason) = (most, "Current number of replicas above Spec.MaxReplicas")
        } else if current < least {
            (desired, reason) = (least, "Current number of replicas below Spec.MinReplicas")
        } else {
            guard let proposal = propose(autoscaler, current, pods, usage, rules) else {
                isKnown = false
                return
            }
            let limited = LimitedProposal(proposal.replicas, current: current, bounds: least...most, rules, &history, now: now)
            set("AbleToScale", true, limited.able.reason, limited.able.message)
            set("ScalingLimited", limited.isLimited, limited.limit.reason, limited.limit.message)
            desired = limited.count
            if desired > current { reason = "\(proposal.metric) above target" }
            if desired < current { reason = "All metrics below target" }
        }
    }

    private mutating func set(_ type: String, _ status: Bool, _ reason: String, _ message: String) {
        conditions.put(Condition(type: type, status: status, reason: reason, message: message, since: now))
    }

    /// The largest number that any measure asks for; nil when it is unknown.
    private mutating func propose(
        _ autoscaler: KubeObject, _ current: Int64, _ pods: [Pod], _ usage: Result<[String: PodUsage], ReplicaCalculation.Problem>, _ rules: ScalingRules
    ) -> (replicas: Int64, metric: String)? {
        let specs = autoscaler.array("spec", "metrics")
        var best: (replicas: Int64, metric: String)?
        var failures: [(reason: String, message: String)] = []
        for spec in specs {
            switch Self.measure(spec, current, pods, usage, rules, now) {
            case .success(let found):
                metrics.append(found.status)
                if best.map({ found.replicas > $0.replicas }) ?? true { best = (found.replicas, found.name) }
            case .failure(let problem): failures.append((Self.failure(spec), problem.message))
            }
        }
        for failure in failures { warnings.append(failure) }
        // With a part unknown, fewer pods could be too few.
        if let first = failures.first, best.map({ $0.replicas < current }) ?? true {
            set("ScalingActive", false, first.reason, "the HPA was unable to compute the replica count: \(first.message)")
            let all = "invalid metrics (\(failures.count) invalid out of \(specs.count)), first error is: \(first.message)"
            warnings.append(("FailedComputeMetricsReplicas", all))
            return nil
        }
        guard let best else { return nil }
        set("ScalingActive", true, "ValidMetricFound", "the HPA was able to successfully calculate a replica count from \(best.metric)")
        return best
    }

    private static func failure(_ spec: JSONValue) -> String {
        switch spec["type"]?.stringValue {
        case "ContainerResource": "FailedGetContainerResourceMetric"
        case "Object": "FailedGetObjectMetric"
        case "Pods": "FailedGetPodsMetric"
        case "External": "FailedGetExternalMetric"
        default: "FailedGetResourceMetric"
        }
    }

    private typealias Measure = (replicas: Int64, name: String, status: JSONValue)

    private static func measure(
        _ spec: JSONValue, _ current: Int64, _ pods: [Pod], _ usage: Result<[String: PodUsage], ReplicaCalculation.Problem>, _ rules: ScalingRules,
        _ now: Timestamp
    ) -> Result<Measure, ReplicaCalculation.Problem> {
        let type = spec["type"]?.stringValue ?? ""
        let isContainer = type == "ContainerResource"
        let field = isContainer ? "containerResource" : "resource"
        guard let source = spec[field], type == "Resource" || isContainer else {
            let name = spec[type.lowercased()]?["metric", "name"]?.stringValue ?? ""
            let api = type == "External" ? "external" : "custom"
            return .failure(.init(message: "unable to get metric \(name): no metrics returned from \(api) metrics API"))
        }
        let resource = source["name"]?.stringValue ?? ""
        let container = isContainer ? source["container"]?.stringValue : nil
        do throws(ReplicaCalculation.Problem) {
            let target: ReplicaCalculation.Target
            if let percent = source["target"]?["averageUtilization"]?.integerValue {
                target = .utilization(percent)
            } else if let average = Quantity(decoded: source["target"]?["averageValue"]) {
                target = .average(average.milliValue)
            } else {
                throw .init(message: "invalid resource metric source: neither an average utilization target nor an average value target was set")
            }
            let known: [String: PodUsage]
            do throws(ReplicaCalculation.Problem) { known = try usage.get() } catch {
                throw .init(message: "failed to get \(resource) utilization: \(error.message)")
            }
            let calculation = ReplicaCalculation(
                resource: resource, container: container, tolerances: (rules.down.tolerance, rules.up.tolerance), now: now)
            let names = Set(pods.map(\.name))
            let own = known.filter { names.contains($0.key) }.compactMapValues { used -> ReplicaCalculation.Usage? in
                let parts = used.containers.filter { container == nil || $0.key == container }.compactMap { $0.value[resource]?.milliValue }
                return parts.isEmpty ? nil : .init(milli: parts.reduce(0) { $0.saturatingSum($1) }, time: used.time, window: used.window)
            }
            let proposal = try calculation.propose(current: current, pods: pods, usage: own, target: target)
            var found: JSONObject = ["averageValue": .string(Quantity(milli: proposal.average).canonical)]
            if let utilization = proposal.utilization { found["averageUtilization"] = .integer(utilization) }
            var part: JSONObject = ["name": .string(resource), "current": .object(found)]
            if let container { part["container"] = .string(container) }
            let name = "\(resource) \(isContainer ? "container " : "")resource\(proposal.utilization == nil ? "" : " utilization (percentage of request)")"
            return .success((proposal.replicas, name, ["type": .string(type), field: .object(part)]))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Status

    /// The autoscaler with its new status.
    /// - Parameters:
    ///   - failure: why the target's scale could not be written; nil when it was, or did not have to be.
    ///   - replicas: how many pods the target has.
    func status(of autoscaler: KubeObject, current: Int64, replicas: Int64, failure: APIStatus?) -> KubeObject {
        var made = self
        let isChanged = isKnown && desired != current
        if let failure {
            made.set("AbleToScale", false, "FailedUpdateScale", "the HPA controller was unable to update the target scale: \(failure.message)")
        } else if isChanged {
            made.set("AbleToScale", true, "SucceededRescale", "the HPA controller was able to update the target scale to \(desired)")
        }
        var fresh = autoscaler
        var known = autoscaler.array("status", "conditions").map(Condition.init)
        for condition in made.conditions { known.put(condition) }
        var status = autoscaler["status"]?.objectValue ?? [:]
        status["conditions"] = .array(known.map(\.value))
        status["currentReplicas"] = .integer(replicas)
        status["desiredReplicas"] = .integer(isKnown ? (failure == nil ? desired : current) : autoscaler.integer("status", "desiredReplicas") ?? 0)
        status["currentMetrics"] = isKnown || !metrics.isEmpty ? .array(metrics) : status["currentMetrics"]
        status["observedGeneration"] = .integer(autoscaler.generation)
        if isChanged, failure == nil { status["lastScaleTime"] = .string(now.rfc3339) }
        fresh["status"] = .object(status)
        return fresh
    }

    /// The autoscaler whose target could not be read.
    static func unreachable(_ autoscaler: KubeObject, _ failure: APIStatus, now: Timestamp) -> KubeObject {
        noting(
            [
                Condition(
                    type: "AbleToScale", status: false, reason: "FailedGetScale",
                    message: "the HPA controller was unable to get the target's current scale: \(failure.message)", since: now)
            ], on: autoscaler)
    }

    /// The autoscaler whose target does not say which pods are its own.
    static func unselected(_ autoscaler: KubeObject, _ problem: ReplicaCalculation.Problem, now: Timestamp) -> KubeObject {
        noting(
            [
                Condition(
                    type: "AbleToScale", status: true, reason: "SucceededGetScale",
                    message: "the HPA controller was able to get the target's current scale", since: now),
                Condition(
                    type: "ScalingActive", status: false, reason: "InvalidSelector",
                    message: "the HPA target's scale is missing a selector, or has one that cannot be read: \(problem.message)", since: now),
            ], on: autoscaler)
    }

    private static func noting(_ conditions: [Condition], on autoscaler: KubeObject) -> KubeObject {
        var fresh = autoscaler
        var known = autoscaler.array("status", "conditions").map(Condition.init)
        for condition in conditions { known.put(condition) }
        fresh["status", "conditions"] = .array(known.map(\.value))
        return fresh
    }
}

import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// How fast an autoscaler may change a number of pods: `spec.behavior`, with Kubernetes' defaults for what is not given.
struct ScalingRules: Sendable, Hashable {
    /// So many pods, or percent of them, in so many seconds.
    struct Policy: Sendable, Hashable {
        var isPercent: Bool
        var value: Int64
        var period: Duration
    }

    enum Selection: String, Sendable, Hashable {
        case maximum = "Max"
        case minimum = "Min"
        case disabled = "Disabled"
    }

    /// The rules of one direction.
    struct Direction: Sendable, Hashable {
        var policies: [Policy]
        var selection = Selection.maximum
        /// Of the proposals of this time the most careful counts.
        var stabilization: Duration
        /// How far from the target the ratio may be without a change. Default 0.1.
        var tolerance = 0.1

        init(_ value: JSONValue?, policies: [Policy], stabilization: Duration) {
            self.policies = policies
            self.stabilization = stabilization
            guard let value else { return }
            if let seconds = value["stabilizationWindowSeconds"]?.integerValue { self.stabilization = .seconds(seconds) }
            if let named = value["selectPolicy"]?.stringValue.flatMap(Selection.init(rawValue:)) { selection = named }
            if let given = Quantity(decoded: value["tolerance"]) { tolerance = Double(given.milliValue) / 1000 }
            let given = (value["policies"]?.arrayValue ?? []).compactMap { policy -> Policy? in
                guard let value = policy["value"]?.integerValue, let period = policy["periodSeconds"]?.integerValue else { return nil }
                return Policy(isPercent: policy["type"] == "Percent", value: value, period: .seconds(period))
            }
            if !given.isEmpty { self.policies = given }
        }

        /// For how long changes have to be remembered. The API allows half an hour at most.
        var memory: Duration { min(policies.map(\.period).max() ?? .zero, .seconds(1800)) }
    }

    var up: Direction
    var down: Direction
    /// Without a `behavior` the number may double at each look, and grow to four in any case.
    var isPlain: Bool

    /// - Parameter behavior: `spec.behavior`.
    init(_ behavior: JSONValue?) {
        isPlain = behavior == nil
        let quarter = Duration.seconds(15)
        up = Direction(
            behavior?["scaleUp"],
            policies: [Policy(isPercent: false, value: 4, period: quarter), Policy(isPercent: true, value: 100, period: quarter)], stabilization: .zero)
        down = Direction(
            behavior?["scaleDown"], policies: [Policy(isPercent: true, value: 100, period: quarter)], stabilization: .seconds(300))
    }
}

/// What was proposed and changed for one autoscaler lately.
struct ScalingHistory: Sendable, Hashable {
    /// A moment and a number of pods.
    struct Entry: Sendable, Hashable {
        var time: Timestamp
        var count: Int64
    }

    var proposals: [Entry] = []
    var raised: [Entry] = []
    var lowered: [Entry] = []

    /// Pods added, and removed, within a time before now.
    func changes(within period: Duration, _ now: Timestamp) -> (added: Int64, removed: Int64) {
        func sum(_ entries: [Entry]) -> Int64 { entries.filter { now - $0.time < period }.reduce(0) { $0 + $1.count } }
        return (sum(raised), sum(lowered))
    }

    /// Drops what no rule asks for any more.
    mutating func forget(_ rules: ScalingRules, _ now: Timestamp) {
        let window = max(rules.up.stabilization, rules.down.stabilization)
        proposals.removeAll { now - $0.time > window }
        raised.removeAll { now - $0.time > max(rules.up.memory, rules.down.memory) }
        lowered.removeAll { now - $0.time > max(rules.up.memory, rules.down.memory) }
    }
}

/// A proposal as the rules let it through. Source: pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicasWithBehaviors.
struct LimitedProposal: Sendable {
    var count: Int64
    /// `AbleToScale`.
    var able: (reason: String, message: String)
    /// `ScalingLimited`.
    var isLimited: Bool
    var limit: (reason: String, message: String)

    /// - Parameter history: this proposal is added to it.
    init(_ proposal: Int64, current: Int64, bounds: ClosedRange<Int64>, _ rules: ScalingRules, _ history: inout ScalingHistory, now: Timestamp) {
        let recent = history.proposals
        func extreme(_ window: Duration, _ choose: (Int64, Int64) -> Int64) -> Int64 {
            recent.filter { now - $0.time < window }.reduce(proposal) { choose($0, $1.count) }
        }
        let floor = extreme(rules.up.stabilization, min)
        let ceiling = extreme(rules.down.stabilization, max)
        history.proposals.append(.init(time: now, count: proposal))
        let stable = min(max(current, floor), ceiling)
        if stable == proposal {
            able = ("ReadyForNewScale", "recommended size matches current size")
        } else if proposal >= current {
            able = ("ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation")
        } else {
            able = ("ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation")
        }
        count = stable
        isLimited = false
        limit = ("DesiredWithinRange", "the desired count is within the acceptable range")
        if stable > current {
            let most = max(current, rules.isPlain ? max(2 * current, 4) : Self.bound(rules.up, current, history, now, isUp: true))
            let allowed = min(most, bounds.upperBound)
            guard stable > allowed else { return }
            (count, isLimited) = (allowed, true)
            limit =
                most < bounds.upperBound
                ? ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
                : ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
        } else if stable < current {
            let least = min(current, Self.bound(rules.down, current, history, now, isUp: false))
            let allowed = max(least, bounds.lowerBound)
            guard stable < allowed else { return }
            (count, isLimited) = (allowed, true)
            limit =
                least > bounds.lowerBound
                ? ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
                : ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
        }
    }

    /// How far one direction's policies let the number go.
    private static func bound(_ rules: ScalingRules.Direction, _ current: Int64, _ history: ScalingHistory, _ now: Timestamp, isUp: Bool) -> Int64 {
        guard rules.selection != .disabled else { return current }
        let bounds = rules.policies.map { policy -> Int64 in
            let (added, removed) = history.changes(within: policy.period, now)
            let start = current - added + removed
            let sign: Int64 = isUp ? 1 : -1
            guard policy.isPercent else { return start.addingReportingOverflow(sign &* policy.value).partialValue }
            let wanted = Double(start) * (1 + Double(sign) * Double(policy.value) / 100)
            return Int64(clamping: isUp ? wanted.rounded(.up) : wanted.rounded(.down))
        }
        // The policy that changes most, or least.
        return (isUp == (rules.selection == .maximum) ? bounds.max() : bounds.min()) ?? current
    }
}

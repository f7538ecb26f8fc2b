import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

struct AutoscalingTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func pod(_ name: String, request: String? = "100m", isReady: Bool = true, phase: String = "Running", age: Int64 = 3600) -> Pod {
        let since = JSONValue.string(now.advanced(by: .seconds(-age)).rfc3339)
        return Pod(
            KubeObject([
                "metadata": ["name": .string(name), "namespace": "d"],
                "spec": ["containers": [["name": "main", "resources": request.map { ["requests": ["cpu": .string($0)]] } ?? [:]]]],
                "status": [
                    "phase": .string(phase), "startTime": since,
                    "conditions": [["type": "Ready", "status": isReady ? "True" : "False", "lastTransitionTime": since]],
                ],
            ]))
    }

    private func propose(_ pods: [Pod], _ used: [String: Int64], _ target: ReplicaCalculation.Target) throws(ReplicaCalculation.Problem) -> Int64 {
        let usage = used.mapValues { ReplicaCalculation.Usage(milli: $0, time: now, window: .seconds(15)) }
        return try ReplicaCalculation(resource: "cpu", container: nil, now: now)
            .propose(current: Int64(pods.count), pods: pods, usage: usage, target: target).replicas
    }

    @Test func `the number follows what pods use, with a tenth of tolerance`() throws {
        let pods = [pod("a"), pod("b"), pod("c")]
        #expect(try propose(pods, ["a": 100, "b": 100, "c": 100], .utilization(50)) == 6)
        #expect(try propose(pods, ["a": 54, "b": 54, "c": 54], .utilization(50)) == 3)
        #expect(try propose(pods, ["a": 10, "b": 10, "c": 10], .utilization(50)) == 1)
        #expect(try propose(pods, ["a": 300, "b": 300, "c": 300], .average(200)) == 5)
    }

    @Test func `pods of which nothing is known keep a change small`() throws {
        // One is not measured: more pods count it as idle, fewer as using all it asked for.
        let pods = [pod("a"), pod("b"), pod("c")]
        #expect(try propose(pods, ["a": 200, "b": 200], .utilization(100)) == 4)
        #expect(try propose(pods, ["a": 10, "b": 10], .utilization(100)) == 2)
        // One starts: it counts as idle only where there would be more.
        let starting = [pod("a"), pod("b"), pod("c", isReady: false, age: 20)]
        #expect(try propose(starting, ["a": 200, "b": 200, "c": 900], .utilization(100)) == 4)
        #expect(try propose(starting, ["a": 40, "b": 40, "c": 900], .utilization(100)) == 1)
    }

    @Test func `what is missing is named`() {
        #expect(throws: ReplicaCalculation.Problem(message: "failed to get cpu utilization: missing request for cpu in container main of Pod a")) {
            try propose([pod("a", request: nil)], ["a": 1], .utilization(50))
        }
        #expect(throws: ReplicaCalculation.Problem(message: "no metrics returned from resource metrics API")) {
            try propose([pod("a")], [:], .utilization(50))
        }
        #expect(throws: ReplicaCalculation.Problem(message: "did not receive metrics for targeted pods (pods might be unready)")) {
            try propose([pod("a", phase: "Pending")], ["a": 1], .utilization(50))
        }
    }

    private func limit(_ proposal: Int64, current: Int64, _ history: inout ScalingHistory, _ behavior: JSONValue? = [:]) -> LimitedProposal {
        LimitedProposal(proposal, current: current, bounds: 1...20, ScalingRules(behavior), &history, now: now)
    }

    @Test func `a reduction waits until nobody has asked for more for five minutes`() {
        var history = ScalingHistory(proposals: [.init(time: now.advanced(by: .seconds(-200)), count: 5)])
        let held = limit(2, current: 6, &history)
        #expect(held.count == 5 && held.able.reason == "ScaleDownStabilized")
        history = ScalingHistory(proposals: [.init(time: now.advanced(by: .seconds(-301)), count: 5)])
        #expect(limit(2, current: 6, &history).count == 2)
        #expect(history.proposals.last?.count == 2)
    }

    @Test func `growth is bounded by four pods or by doubling, whichever is more, and by the bounds`() {
        var history = ScalingHistory()
        let fast = limit(19, current: 3, &history)
        #expect(fast.count == 7 && fast.isLimited && fast.limit.reason == "ScaleUpLimit")
        #expect(limit(30, current: 8, &history).count == 16)
        let most = limit(30, current: 15, &history)
        #expect(most.count == 20 && most.limit.reason == "TooManyReplicas")
        // What was added within the period counts.
        history = ScalingHistory(raised: [.init(time: now.advanced(by: .seconds(-5)), count: 4)])
        #expect(limit(19, current: 7, &history).count == 7)
    }

    @Test func `without a behavior the number may double, and grow to four in any case`() {
        var history = ScalingHistory()
        #expect(limit(19, current: 3, &history, nil).count == 6)
        #expect(limit(19, current: 1, &history, nil).count == 4)
    }

    @Test func `numbers beyond all measure are bounded`() throws {
        let huge = pod("a", request: "8E")
        #expect(try propose([huge, pod("b"), pod("c", phase: "Pending")], ["a": .max, "b": .max], .utilization(Int64(Int32.max))) >= 1)
        #expect(try propose([pod("a")], ["a": .max], .average(1)) == .max)
        #expect(Int64(clamping: -1e300) == .min && Int64(clamping: Double.nan) == 0)
        var history = ScalingHistory()
        let object = autoscaler([cpu])
        #expect(AutoscalerDecision(object, current: .max, pods: [], usage: .success([:]), &history, now: now).desired == 5)
    }

    @Test func `an autoscaler that is looked at first lets nothing shrink at once`() throws {
        var history = ScalingHistory()
        let object = autoscaler([cpu])
        let pods = ["a", "b", "c", "d"].map { pod($0) }
        let idle = try usage(1)
        let first = AutoscalerDecision(object, current: 4, pods: pods, usage: .success(["a": idle, "b": idle, "c": idle, "d": idle]), &history, now: now)
        #expect(first.desired == 4 && first.conditions["AbleToScale"]?.reason == "ScaleDownStabilized")
    }

    @Test func `a tolerance is a quantity`() {
        #expect(ScalingRules(["scaleUp": ["tolerance": "50m"]]).up.tolerance == 0.05)
    }

    @Test func `behavior bounds both directions`() {
        let behavior: JSONValue = [
            "scaleUp": ["selectPolicy": "Disabled"],
            "scaleDown": [
                "stabilizationWindowSeconds": 0, "selectPolicy": "Min",
                "policies": [["type": "Pods", "value": 2, "periodSeconds": 60], ["type": "Percent", "value": 50, "periodSeconds": 60]],
            ],
        ]
        var history = ScalingHistory()
        #expect(limit(9, current: 6, &history, behavior).count == 6)
        let slow = limit(1, current: 6, &history, behavior)
        #expect(slow.count == 4 && slow.limit.reason == "ScaleDownLimit")
    }

    private func autoscaler(_ metrics: JSONValue) -> KubeObject {
        KubeObject([
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": ["name": "h", "namespace": "d", "uid": "u", "generation": 3],
            "spec": ["minReplicas": 2, "maxReplicas": 5, "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "w"], "metrics": metrics],
        ])
    }

    private let cpu: JSONValue = ["type": "Resource", "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 50]]]

    private func usage(_ milli: Int64) throws -> AutoscalerDecision.PodUsage {
        try #require(
            AutoscalerDecision.PodUsage([
                "timestamp": .string(now.rfc3339), "window": "1m2.5s", "containers": [["name": "main", "usage": ["cpu": .string("\(milli)m")]]],
            ]))
    }

    @Test func `the status says what was found and what becomes of it`() throws {
        #expect(try usage(1).window == .seconds(62.5))
        var history = ScalingHistory()
        let object = autoscaler([cpu])
        let pods = [pod("a"), pod("b")]
        let decision = AutoscalerDecision(object, current: 2, pods: pods, usage: .success(["a": try usage(100), "b": try usage(60)]), &history, now: now)
        #expect(decision.desired == 4 && decision.reason == "cpu resource utilization (percentage of request) above target")
        let status = decision.status(of: object, current: 2, replicas: 2, failure: nil)
        let current: JSONValue = ["averageUtilization": 80, "averageValue": "80m"]
        #expect(status["status", "currentMetrics"] == [["type": "Resource", "resource": ["name": "cpu", "current": current]]])
        #expect(status.integer("status", "desiredReplicas") == 4 && status.integer("status", "observedGeneration") == 3)
        let conditions = status.array("status", "conditions").map(Condition.init).map { "\($0.type) \($0.status) \($0.reason)" }
        #expect(conditions == ["AbleToScale True SucceededRescale", "ScalingActive True ValidMetricFound", "ScalingLimited False DesiredWithinRange"])
        let refused = decision.status(of: object, current: 2, replicas: 2, failure: .internalError("no"))
        #expect(refused.integer("status", "desiredReplicas") == 2)
        #expect(refused.array("status", "conditions").first?["reason"] == "FailedUpdateScale")
    }

    @Test func `what cannot be measured changes nothing and is said`() throws {
        var history = ScalingHistory()
        let other: JSONValue = ["type": "Pods", "pods": ["metric": ["name": "hits"], "target": ["type": "AverageValue", "averageValue": "5"]]]
        let object = autoscaler([cpu, other])
        let pods = [pod("a"), pod("b")]
        let idle = AutoscalerDecision(object, current: 4, pods: pods, usage: .success(["a": try usage(1), "b": try usage(1)]), &history, now: now)
        #expect(!idle.isKnown && idle.desired == 4)
        #expect(idle.warnings.map(\.reason) == ["FailedGetPodsMetric", "FailedComputeMetricsReplicas"])
        // More pods are right whatever the other measure would say.
        let busy = AutoscalerDecision(object, current: 2, pods: pods, usage: .success(["a": try usage(99), "b": try usage(99)]), &history, now: now)
        #expect(busy.isKnown && busy.desired == 4)
        let stopped = AutoscalerDecision(object, current: 0, pods: [], usage: .success([:]), &history, now: now)
        #expect(stopped.desired == 0 && stopped.conditions["ScalingActive"]?.reason == "ScalingDisabled")
        let above = AutoscalerDecision(object, current: 9, pods: [], usage: .success([:]), &history, now: now)
        #expect(above.desired == 5)
    }
}

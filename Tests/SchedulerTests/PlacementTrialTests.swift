import APIMachinery
import JSONCore
import KubeSchemas
import Scheduler
import Testing

struct PlacementTrialTests {
    private func placed(_ name: String, cpu: String, on node: String) -> KubeObject {
        var bound = pod(name, cpu: cpu)
        bound.object["spec", "nodeName"] = .string(node)
        return bound.object
    }

    @Test func `each copy counts before the next, until one fits nowhere`() {
        var trial = PlacementTrial(nodes: [node("a", cpu: "2").object, node("b", cpu: "1").object], pods: [placed("x", cpu: "1", on: "a")])
        let verdicts = trial.place(pod("new", cpu: "1").object, count: 3)
        #expect(Set(verdicts.prefix(2).compactMap(\.node)) == ["a", "b"])
        #expect(verdicts.last?.node == nil && verdicts.last?.message == "0/2 nodes are available: 2 Insufficient cpu.")
    }

    @Test func `pods that leave make room`() {
        let (nodes, pods) = ([node("a", cpu: "1").object], [placed("x", cpu: "1", on: "a")])
        var full = PlacementTrial(nodes: nodes, pods: pods)
        #expect(full.place(pod("new", cpu: "1").object, count: 1).first?.node == nil)
        var freed = PlacementTrial(nodes: nodes, pods: pods, leaving: ["uid-x"])
        #expect(freed.place(pod("new", cpu: "1").object, count: 1).first?.node == "a")
    }

    @Test func `what keeps a pod off is told node by node`() {
        let trial = PlacementTrial(nodes: [node("a", isCordoned: true).object, node("b").object], pods: [])
        #expect(trial.obstacles(pod("new").object) == ["a": ["node(s) were unschedulable"], "b": []])
    }

    @Test(arguments: [-3, 0]) func `no copies need no place`(count: Int) {
        var trial = PlacementTrial(nodes: [], pods: [])
        #expect(trial.place(pod("new").object, count: count).isEmpty)
        #expect(trial.place(pod("new").object, count: 1).first?.message == "no nodes available to schedule pods")
    }

    @Test(arguments: [
        (
            #"{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchExpressions":[{"key":"a","operator":"Near"}]}}]}}}"#,
            #"spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: "Near" is not a valid label selector operator"#
        ),
        (
            #"{"affinity":{"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"podAffinityTerm":{"namespaceSelector":"x"}}]}}}"#,
            "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.namespaceSelector: a label selector must be an object"
        ),
        (
            #"{"topologySpreadConstraints":[{"topologyKey":"z"},{"labelSelector":{"matchExpressions":[{"key":"a b","operator":"Exists"}]}}]}"#,
            #"spec.topologySpreadConstraints[1].labelSelector: <nil>: Invalid value: "a b""#
        ),
        (
            #"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Gt","values":["x"]}]}]}}}}"#,
            #"nodeSelectorTerms[0].matchExpressions[0].values: ["x"] is not one integer, as Gt asks for"#
        ), (#"{"nodeSelector":{"disk":5}}"#, "spec.nodeSelector[disk]: must be a string, found"),
    ])
    func `what cannot choose anything is refused, with its name and value`(spec: String, text: String) throws {
        let pod = KubeObject(["metadata": ["name": "p"], "spec": try JSON.parse(Array(spec.utf8))])
        do throws(APIStatus) {
            try PlacementTrial.checkSelectors(of: pod)
            Issue.record("nothing is wrong with it")
        } catch {
            #expect(error.code == 400 && error.message.contains(text), "\(error.message)")
        }
    }

    @Test func `selectors that are well are let pass`() throws {
        let term: JSONValue = ["labelSelector": ["matchLabels": ["a": "b"]], "topologyKey": "z"]
        let spec: JSONValue = [
            "nodeSelector": ["a": "b"], "affinity": ["podAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": [term]]],
            "topologySpreadConstraints": [term],
        ]
        try PlacementTrial.checkSelectors(of: KubeObject(["spec": spec]))
        try PlacementTrial.checkSelectors(of: pod("plain").object)
    }

    @Test func `rules about other pods hold in a trial`() {
        var trial = PlacementTrial(nodes: zoned.map(\.object), pods: [])
        let alone = pod("new", labels: ["app": "web"], spec: rule("podAntiAffinity", term("web"))).object
        let verdicts = trial.place(alone, count: 5)
        #expect(Set(verdicts.compactMap(\.node)) == ["a1", "a2", "b1"])
        let reason = "node(s) didn't match pod anti-affinity rules"
        #expect(verdicts.count == 4 && verdicts.last?.message == "0/3 nodes are available: 3 \(reason).")
        #expect(trial.obstacles(alone) == ["a1": [reason], "a2": [reason], "b1": [reason]])
    }

    @Test(arguments: [Int64.min, -1, 0, .max]) func `numbers that the API would refuse are no harm in a trial`(number: Int64) {
        let expression: JSONValue = ["matchExpressions": [["key": "zone", "operator": "Exists"]]]
        let preferred: JSONValue = [["weight": .integer(number), "preference": expression], ["weight": .integer(number), "preference": expression]]
        var spec = rule("podAntiAffinity", term("web"), term("web", "zone"), weight: number)
        spec["affinity"]?["nodeAffinity"] = ["preferredDuringSchedulingIgnoredDuringExecution": preferred]
        spec["topologySpreadConstraints"] = .array(
            ["DoNotSchedule", "ScheduleAnyway"].map { policy in
                [
                    "maxSkew": .integer(number), "minDomains": .integer(number), "topologyKey": "zone", "whenUnsatisfiable": .string(policy),
                    "labelSelector": ["matchLabels": ["app": "web"]],
                ]
            })
        spec["priority"] = .integer(number)
        var trial = PlacementTrial(nodes: zoned.map(\.object), pods: [placed("x", cpu: "1", on: "a1")])
        #expect(!trial.place(pod("new", labels: ["app": "web"], spec: spec).object, count: 4).isEmpty)
    }
}

import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import Scheduler

extension ControlPlane {
    /// Answers where the scheduler would put a pod: `{"pod": …, "count": 3, "leaving": [uids]}`.
    func tryPlacement(_ question: JSONValue) throws(APIStatus) -> JSONValue {
        guard case .object? = question["pod"] else { throw .badRequest("the body names no pod to try: {\"pod\": …, \"count\": 1, \"leaving\": []}") }
        let count = question["count"]?.integerValue ?? 1
        guard (0...Int64(PlacementTrial.limit)).contains(count) else {
            throw .badRequest("count \(count) is not between 0 and \(PlacementTrial.limit)")
        }
        let (nodes, pods) = (informers.informer(Node.resource), informers.informer(Pod.resource))
        guard nodes.hasSynced, pods.hasSynced else { throw .serviceUnavailable("the scheduler does not know the cluster yet: try again") }
        var pod = KubeObject(question["pod"] ?? .null)
        try PlacementTrial.checkSelectors(of: pod)
        LabelKeyMerge.apply(to: &pod)
        var trial = PlacementTrial(
            nodes: nodes.all(), pods: pods.all(), namespaces: informers.informer(Namespace.resource).all(),
            leaving: Set((question["leaving"]?.arrayValue ?? []).compactMap(\.stringValue)),
            storage: InformerStorage(informers), services: InformerServices(informers))
        let obstacles = trial.obstacles(pod)
        let verdicts = trial.place(pod, count: Int(count))
        return [
            "placements": .array(verdicts.map(Self.placement)),
            "nodes": .array(obstacles.sorted { $0.key < $1.key }.map { Self.node($0.key, obstacles: $0.value) }),
        ]
    }

    private static func placement(_ verdict: PlacementTrial.Verdict) -> JSONValue {
        verdict.node.map { ["node": .string($0)] } ?? ["message": .string(verdict.message)]
    }

    private static func node(_ name: String, obstacles: [String]) -> JSONValue {
        ["name": .string(name), "obstacles": .array(obstacles.map { .string($0) })]
    }
}

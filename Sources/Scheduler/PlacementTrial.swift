package import APIMachinery
import JSONCore
import KubeSchemas

/// Where the scheduler would put pods that do not exist: its own decision, on a copy of the cluster, with nothing bound.
package struct PlacementTrial: Sendable {
    /// One decision.
    package struct Verdict: Sendable, Hashable {
        /// The node; nil when the pod fits nowhere.
        package var node: String?
        /// Why it fits nowhere, in kube-scheduler's words; empty when it fits.
        package var message: String
    }

    /// The most pods that are tried.
    package static let limit = 1000

    private var snapshot = ClusterSnapshot()

    /// The cluster with these nodes and pods, of which those in `leaving` (uids) are gone already. Without `storage` the claims of pods
    /// are not looked at, without `services` only pods of one controller are spread by default; rules that choose namespaces by label know
    /// the labels of `namespaces`.
    package init(
        nodes: [KubeObject], pods: [KubeObject], namespaces: [KubeObject] = [], leaving: Set<String> = [], storage: (any StorageFacts)? = nil,
        services: (any ServiceFacts)? = nil
    ) {
        snapshot.storage = storage
        snapshot.services = services
        for namespace in namespaces {
            _ = snapshot.put(namespace: namespace.name, labels: namespace["metadata", "labels"]?.objectValue)
        }
        for node in nodes { _ = snapshot.put(Node(node)) }
        for pod in pods where !leaving.contains(pod.uid) { _ = snapshot.put(Pod(pod)) }
    }

    /// What keeps a pod off each node, by the node's name; an empty list where it fits.
    package func obstacles(_ pod: KubeObject) -> [String: [String]] {
        do throws(VolumeDemand.Obstacle) {
            let demand = try snapshot.demand(Pod(pod))
            let around = snapshot.neighbourhood(of: demand)
            return snapshot.nodes.mapValues { NodeFit.obstacles(demand, on: $0, around) }
        } catch {
            return snapshot.nodes.mapValues { _ in [error.message] }
        }
    }

    /// Decides on copies of a pod, each counting before the next, until one fits nowhere.
    package mutating func place(_ pod: KubeObject, count: Int) -> [Verdict] {
        var verdicts: [Verdict] = []
        snapshot.follow(Pod(pod))
        for number in 0..<max(0, min(count, Self.limit)) {
            var copy = pod
            copy["metadata", "uid"] = .string("trial-\(number)")
            switch snapshot.decide(Pod(copy)) {
            case .bind(let node):
                snapshot.assume(Pod(copy), on: node)
                verdicts.append(Verdict(node: node, message: ""))
            case .unschedulable(let message):
                verdicts.append(Verdict(node: nil, message: message))
                return verdicts
            }
        }
        return verdicts
    }
}

package import APIMachinery
import JSONCore
package import LinuxKernel

/// What the metrics API of a server tells (`metrics.k8s.io`: metrics-server, or what stands in for it): means over a window that it chooses.
extension KubeClient {
    /// What the pods of some namespaces use (nil for all), and nodes where those may be read. `now` is when it was asked. Throws NotFound where
    /// the server has no metrics API, and what was answered when none of the namespaces could be read; of one among several nothing is known then.
    package func measuredUsage(in namespaces: [String]?, now: Timestamp) async throws(APIStatus) -> [NodeStats] {
        var pods: [PodStats] = []
        var failure: APIStatus?
        var isAnswered = false
        for namespace in namespaces.map({ $0.map(Optional.some) }) ?? [nil] {
            do throws(APIStatus) {
                pods += try await list(Self.podMetrics, namespace: namespace).items.map { PodStats(metrics: $0) }
                isAnswered = true
            } catch {
                failure = error
            }
        }
        if let failure, !isAnswered { throw failure }
        // Which node a pod is on the API does not tell: its pods stand under no node.
        var samples = [NodeStats(node: "", sampledAt: now, usage: UsageSample(isMeasured: false), pods: pods)]
        do throws(APIStatus) {
            samples += try await list(Self.nodeMetrics, namespace: nil).items.map {
                NodeStats(node: $0.name, sampledAt: now, usage: UsageSample(metrics: $0["usage"]))
            }
        } catch  where [401, 403, 404].contains(error.code) {
            // Who may read pods alone has no sum over all nodes.
        }
        return samples
    }

    private static let podMetrics = GroupVersionResource(group: "metrics.k8s.io", version: "v1beta1", resource: "pods")
    private static let nodeMetrics = GroupVersionResource(group: "metrics.k8s.io", version: "v1beta1", resource: "nodes")
}

extension PodStats {
    fileprivate init(metrics: KubeObject) {
        let containers = (metrics["containers"]?.arrayValue ?? []).map {
            ContainerStats(name: $0["name"]?.stringValue ?? "", usage: UsageSample(metrics: $0["usage"]))
        }
        var sum = UsageSample(isMeasured: !containers.isEmpty)
        sum.cpuRate = containers.reduce(0) { $0.saturatingSum($1.usage.cpuRate ?? 0) }
        sum.workingSet = containers.reduce(.zero) { $0 + $1.usage.workingSet }
        self.init(namespace: metrics.namespace ?? "", name: metrics.name, uid: "", usage: sum, containers: containers)
        measuredAt = metrics["timestamp"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
    }
}

extension UsageSample {
    fileprivate init(metrics usage: JSONValue?) {
        self.init(workingSet: ByteCount(max(0, Quantity(decoded: usage?["memory"])?.value ?? 0)), isMeasured: usage != nil)
        cpuRate = max(0, Quantity(decoded: usage?["cpu"])?.nanoValue ?? 0)
    }
}

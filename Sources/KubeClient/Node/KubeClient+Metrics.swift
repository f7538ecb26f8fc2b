package import APIMachinery
import JSONCore
package import LinuxKernel

/// What a metrics API told at a moment, and what it refused.
package struct MeasuredUsage: Sendable {
    /// The samples: pods stand under a node without a name.
    package var samples: [NodeStats] = []
    /// Whether it told of the pods of any namespace that it was asked for.
    package var tellsPods = false
    /// The namespaces whose pods are not told, and why; nil for all of them at once.
    package var podFailures: [(namespace: String?, status: APIStatus)] = []
    /// Why nodes are not told; nil when they are.
    package var nodeFailure: APIStatus?
}

/// What the metrics API of a server tells (`metrics.k8s.io`: metrics-server, or what stands in for it): means over a window that it chooses.
extension KubeClient {
    /// What the pods of some namespaces use (nil for all), and the nodes. `now` is when it was asked. What is refused stands beside what is told:
    /// NotFound where the server has no metrics API.
    package func measuredUsage(in namespaces: [String]?, now: Timestamp) async -> MeasuredUsage {
        var pods: [PodStats] = []
        var measured = MeasuredUsage()
        for namespace in namespaces.map({ $0.map(Optional.some) }) ?? [nil] {
            do throws(APIStatus) {
                pods += try await list(Self.podMetrics, namespace: namespace).items.map { PodStats(metrics: $0) }
                measured.tellsPods = true
            } catch {
                measured.podFailures.append((namespace, error))
            }
        }
        // Which node a pod is on the API does not tell: its pods stand under no node.
        measured.samples = [NodeStats(node: "", sampledAt: now, usage: UsageSample(isMeasured: false), pods: pods)]
        do throws(APIStatus) {
            measured.samples += try await list(Self.nodeMetrics, namespace: nil).items.map {
                NodeStats(node: $0.name, sampledAt: now, usage: UsageSample(metrics: $0["usage"]))
            }
        } catch {
            // Who may read pods alone has no sum over all nodes.
            measured.nodeFailure = error
        }
        return measured
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

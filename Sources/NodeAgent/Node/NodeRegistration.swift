package import APIMachinery
import JSONCore
package import KubeClient
package import LinuxKernel
package import Logging

/// Announces the node to the API server and renews its lease.
package struct NodeRegistration: Sendable {
    let client: KubeClient
    let status: NodeStatusBuilder
    let time: any TimeSource
    let logger: Logger
    static let nodes = GroupVersionResource(group: "", version: "v1", resource: "nodes")
    /// Source: the kubelet's lease: 40 s, renewed every 10 s.
    static let leaseSeconds: Int64 = 40
    static let renewal: Duration = .seconds(10)

    /// Creates the Node, or brings the status of the existing one up to date. Labels, taints and resources set by others stay.
    package func register() async throws(APIStatus) {
        do throws(APIStatus) {
            _ = try await client.create(Self.nodes, status.object)
        } catch  where error.code == 409 {
            let present = try await client.get(Self.nodes, namespace: nil, name: status.name)
            let patch: JSONValue = ["metadata": ["labels": .object(status.labels)], "status": status.status(after: present)]
            _ = try await client.patch(Self.nodes, namespace: nil, name: status.name, type: .strategicMerge, patch, subresource: "status")
        }
    }

    /// Tells which images are there. A list that differs is replaced as a whole.
    func tell(images: JSONValue) async {
        do throws(APIStatus) {
            let patch: JSONValue = ["status": ["images": images]]
            _ = try await client.patch(Self.nodes, namespace: nil, name: status.name, type: .merge, patch, subresource: "status")
        } catch {
            logger.warning("could not tell the node's images", metadata: ["node": "\(status.name)", "error": "\(error.message)"])
        }
    }

    /// Tells of the conditions that have changed; false when the server did not take it.
    func tell(pressures: Set<NodePressure.Resource>, changed: Set<NodePressure.Resource>, at now: Timestamp) async -> Bool {
        let conditions = changed.map { NodeStatusBuilder.condition(of: $0, holds: pressures.contains($0), now: now) }
        do throws(APIStatus) {
            let patch: JSONValue = ["status": ["conditions": .array(conditions)]]
            _ = try await client.patch(Self.nodes, namespace: nil, name: status.name, type: .strategicMerge, patch, subresource: "status")
            return true
        } catch {
            logger.warning("could not tell what the node is short of", metadata: ["node": "\(status.name)", "error": "\(error.message)"])
            return false
        }
    }

    /// Renews the lease until cancelled, and does each time what else is due. Renewals are volatile in the store and cost no disk write.
    func keepLease(_ also: () -> Void = {}) async {
        while !Task.isCancelled {
            await renew()
            also()
            do { try await time.sleep(for: Self.renewal) } catch { return }
        }
    }

    private func renew() async {
        do throws(APIStatus) {
            try await client.renewNodeLease(status.name, seconds: Self.leaseSeconds, now: time.now())
        } catch {
            logger.warning("could not renew the node's lease", metadata: ["node": "\(status.name)", "error": "\(error.message)"])
        }
    }
}

extension NodeAgent {
    /// Announces a node that cannot run pods, with the reason and the remedy.
    package static func registration(
        name: String, reason: String, version: String, client: KubeClient, time: any TimeSource, logger: Logger
    ) -> NodeRegistration {
        let status = NodeStatusBuilder(
            name: name, address: "127.0.0.1", podRange: "", version: version, storage: .zero, notReadyReason: reason, now: time.now())
        return NodeRegistration(client: client, status: status, time: time, logger: logger)
    }
}

import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

extension ControlPlane {
    /// Forgets nodes that the cluster is no longer to have, with what is left of their pods. Throws what to do first while one of them still has
    /// pods or volumes that somebody may want; nothing is changed then.
    func remove(_ gone: some Collection<NodeIdentity>) async throws(CommandError) {
        guard !gone.isEmpty else { return }
        let names = gone.map(\.name)
        do throws(APIStatus) {
            let pods = try await all(Pod.resource).map { Pod($0) }.filter { names.contains($0.spec.nodeName) }
            let objects = try await all(Node.resource)
            let volumes = try await all(PersistentVolume.resource).map { PersistentVolume($0) }
            if let obstacle = RemovalObstacle.find(names, pods: pods, nodes: objects, volumes: volumes) {
                throw APIStatus.badRequest(obstacle)
            }
            let client = informers.client
            for pod in pods {
                try await Self.gone { () throws(APIStatus) in
                    _ = try await client.delete(Pod.resource, namespace: pod.namespace, name: pod.name, DeleteOptions(gracePeriodSeconds: 0))
                }
            }
            for name in names {
                try await Self.gone { () throws(APIStatus) in _ = try await client.delete(Node.resource, namespace: nil, name: name) }
                try await Self.gone { () throws(APIStatus) in
                    _ = try await client.delete(Lease.resource, namespace: "kube-node-lease", name: name)
                }
            }
        } catch {
            throw CommandError(error.message)
        }
        do throws(SystemError) {
            for node in gone where FileSystem.exists(node.ownDirectory) { try FileSystem.removeTree(node.ownDirectory) }
        } catch {
            throw CommandError("cannot remove the directory of a node that is gone: \(error)")
        }
    }

    private func all(_ resource: GroupVersionResource) async throws(APIStatus) -> [KubeObject] {
        var (objects, options): ([KubeObject], ListOptions) = ([], ListOptions(limit: 500))
        repeat {
            let page = try await informers.client.list(resource, namespace: nil, options)
            objects += page.items
            options.continueToken = page.continueToken
        } while options.continueToken != nil
        return objects
    }

    private static func gone(_ delete: () async throws(APIStatus) -> Void) async throws(APIStatus) {
        do throws(APIStatus) { try await delete() } catch  where error.code == 404 {}
    }
}

/// What keeps nodes from being taken out of a cluster. Pure.
enum RemovalObstacle {
    /// The message, with the remedy; nil when nothing does.
    static func find(_ names: [String], pods: [Pod], nodes: [KubeObject], volumes: [PersistentVolume]) -> String? {
        let staying = pods.filter { pod in
            let isOfDaemonSet = pod.object.controllerRef?.kind == "DaemonSet"
            let isMirror = pod.object.annotations["kubernetes.io/config.mirror"] != nil
            return names.contains(pod.spec.nodeName) && !pod.isTerminated && pod.object.deletionTimestamp == nil && !isOfDaemonSet && !isMirror
        }
        if let first = staying.first {
            let node = first.spec.nodeName
            return "node \(node) still has \(text(staying.filter { $0.spec.nodeName == node }.map { "\($0.namespace ?? "default")/\($0.name)" }, "pod"))"
                + "; run `kdash up` without --nodes, then `kubectl drain \(node) --ignore-daemonsets --delete-emptydir-data`, `kdash down`, and this again"
        }
        let others = nodes.filter { !names.contains($0.name) }
        let bound = nodes.filter { names.contains($0.name) }.compactMap { node -> (String, [String])? in
            let own = volumes.filter { volume in
                volume.isReachable(fromNode: node.name, labels: node.labels)
                    && !others.contains { volume.isReachable(fromNode: $0.name, labels: $0.labels) }
            }
            return own.isEmpty ? nil : (node.name, own.map(\.name))
        }
        return bound.first.map { node, volumes in
            "node \(node) alone has \(text(volumes, "volume")); run `kdash up` without --nodes, delete what claims it, `kdash down`, and this again"
        }
    }

    private static func text(_ names: [String], _ what: String) -> String {
        let sorted = names.sorted()
        let shown = sorted.prefix(3).joined(separator: ", ") + (sorted.count > 3 ? ", …" : "")
        return sorted.count == 1 ? "\(what) \(shown)" : "\(sorted.count) \(what)s (\(shown))"
    }
}

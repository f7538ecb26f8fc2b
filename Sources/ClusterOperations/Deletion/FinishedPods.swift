package import APIMachinery
package import KubeClient
import KubeSchemas
import LinuxKernel

/// Pods that ended and only take up room.
package enum FinishedPods {
    /// The finished pods of a namespace, oldest first. Throws why they cannot be listed.
    package static func find(in namespace: String, _ client: KubeClient) async throws(APIStatus) -> [ObjectTarget] {
        var found: [KubeObject] = []
        var options = ListOptions(limit: 500)
        repeat {
            let page = try await client.list(Pod.resource, namespace: namespace, options)
            found += page.items.filter { Pod($0).isTerminated && !$0.isBeingDeleted }
            options.continueToken = page.continueToken
        } while options.continueToken != nil
        return found.sorted { ($0.creationTimestamp?.rfc3339 ?? "", $0.name) < ($1.creationTimestamp?.rfc3339 ?? "", $1.name) }.map {
            ObjectTarget($0, resource: Pod.resource, kind: "Pod")
        }
    }

    /// Deletes those of `pods` that are still the ones that were found. Returns what was done; throws the first refusal.
    package static func delete(_ pods: [ObjectTarget], _ client: KubeClient) async throws(APIStatus) -> String {
        var deleted = 0
        for pod in pods {
            do throws(APIStatus) {
                try await client.delete(pod.resource, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
                deleted += 1
            } catch {
                // Somebody else was faster; the others are still wanted away.
                guard error.code == 404 || error.code == 409 else {
                    throw APIStatus(code: error.code, reason: error.reason, message: "deleted \(deleted) of \(pods.count) pods: \(error.message)")
                }
            }
        }
        return "deleted \(deleted) finished \(deleted == 1 ? "pod" : "pods")"
    }
}

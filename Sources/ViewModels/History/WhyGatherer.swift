import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// Reads what an answer to "why?" needs: the object, what it owns, and what it depends on.
struct WhyGatherer: Sendable {
    /// The most objects of a kind that are looked at.
    private static let limit = 500

    let client: KubeClient
    let resource: GroupVersionResource
    let namespace: String?
    let name: String
    /// Every pod that the screen knows.
    let pods: @Sendable () -> [KubeObject]
    /// The events about an object, by its uid.
    let events: @Sendable (String) -> [Event]
    /// Our own writes to an object, by its uid.
    let writes: @Sendable (String) -> [UndoEntry]
    let time: any TimeSource

    /// Reads everything anew; throws when the object itself cannot be read. What else cannot be read is named in the facts.
    @concurrent func gather() async throws(APIStatus) -> WhyFacts {
        var facts = WhyFacts(subject: try await client.get(resource, namespace: namespace, name: name), now: time.now())
        let uid = facts.subject.uid
        let all = pods()
        let near = all.filter { $0.namespace == namespace }
        func controlled(_ owners: Set<String>) -> [KubeObject] {
            near.filter { pod in pod.ownerReferences.contains { owners.contains($0.uid) } }
        }
        switch facts.subject.kind {
        case "Pod":
            if facts.subject.string("spec", "nodeName") == nil { (facts.nodes, facts.pods) = (await list("nodes", "", nil, &facts.gaps), all) }
        case "Deployment": await addOwned("replicasets", "apps", uid, controlled, &facts)
        case "CronJob": await addOwned("jobs", "batch", uid, controlled, &facts)
        case "Service":
            facts.related = await list("endpointslices", "discovery.k8s.io", namespace, &facts.gaps).filter {
                $0.labels["kubernetes.io/service-name"] == name
            }
            facts.pods = near
        case "Ingress":
            facts.related = await list("services", "", namespace, &facts.gaps)
            facts.related += await list("endpointslices", "discovery.k8s.io", namespace, &facts.gaps)
            facts.related += await list("ingressclasses", "networking.k8s.io", nil, &facts.gaps)
        case "PersistentVolumeClaim":
            facts.related = await list("storageclasses", "storage.k8s.io", nil, &facts.gaps)
            facts.pods = near
        case "Node": facts.pods = all.filter { $0.string("spec", "nodeName") == name }
        case "Namespace": facts.pods = all.filter { $0.namespace == name }
        default: facts.owned = controlled([uid])
        }
        let known = [uid] + facts.owned.map(\.uid) + (facts.subject.kind == "Node" ? [name] : [])
        let found = known.flatMap(events)
        facts.events = found.sorted { ($0.lastSeen ?? facts.now) < ($1.lastSeen ?? facts.now) }
        facts.writes = writes(uid)
        return facts
    }

    private func addOwned(
        _ plural: String, _ group: String, _ uid: String, _ controlled: (Set<String>) -> [KubeObject], _ facts: inout WhyFacts
    ) async {
        let middle = await list(plural, group, namespace, &facts.gaps).filter { object in object.ownerReferences.contains { $0.uid == uid } }
        facts.owned = middle + controlled(Set(middle.map(\.uid)))
    }

    private func list(_ plural: String, _ group: String, _ namespace: String?, _ gaps: inout [String]) async -> [KubeObject] {
        do throws(APIStatus) {
            return try await client.list(
                GroupVersionResource(group: group, version: "v1", resource: plural), namespace: namespace, ListOptions(limit: Self.limit)
            ).items
        } catch {
            gaps.append("\(plural): \(error.message)")
            return []
        }
    }
}

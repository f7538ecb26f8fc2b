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
    /// Every pod of the cluster, where placement matters.
    let everyPod: EveryPod
    /// Our own writes to an object, by its uid.
    let writes: @Sendable (String) -> [UndoEntry]
    let time: any TimeSource

    /// Reads everything anew; throws when the object itself cannot be read. What else cannot be read is named in the facts.
    @concurrent func gather() async throws(APIStatus) -> WhyFacts {
        var facts = WhyFacts(subject: try await client.get(resource, namespace: namespace, name: name), now: time.now())
        let uid = facts.subject.uid
        switch facts.subject.kind {
        case "Pod":
            guard facts.subject.string("spec", "nodeName") == nil else { break }
            facts.nodes = await list("nodes", "", nil, &facts.gaps)
            facts.pods = await everyPod.read(&facts.gaps)
        case "Deployment": await addOwned("replicasets", "apps", uid, &facts)
        case "CronJob": await addOwned("jobs", "batch", uid, &facts)
        case "Service":
            facts.related = await list("endpointslices", "discovery.k8s.io", namespace, &facts.gaps).filter {
                $0.labels["kubernetes.io/service-name"] == name
            }
            facts.pods = await list("pods", "", namespace, &facts.gaps)
        case "Ingress":
            facts.related = await list("services", "", namespace, &facts.gaps)
            facts.related += await list("endpointslices", "discovery.k8s.io", namespace, &facts.gaps)
            facts.related += await list("ingressclasses", "networking.k8s.io", nil, &facts.gaps)
        case "PersistentVolumeClaim":
            facts.related = await list("storageclasses", "storage.k8s.io", nil, &facts.gaps)
            facts.pods = await list("pods", "", namespace, &facts.gaps)
        case "Node":
            let here = FieldSelector(requirements: [FieldSelector.Requirement(field: "spec.nodeName", value: name)])
            facts.pods = await list("pods", "", nil, fields: here, &facts.gaps).filter { $0.string("spec", "nodeName") == name }
        case "Namespace": facts.pods = await list("pods", "", name, &facts.gaps)
        default: facts.owned = await controlled([uid], &facts.gaps)
        }
        // The kubelet's events name a node by its name in place of its uid.
        let known = [uid] + facts.owned.map(\.uid) + (facts.subject.kind == "Node" ? [name] : [])
        do throws(APIStatus) {
            facts.events = try await EventLookup(client: client, namespace: namespace).about(Set(known))
        } catch {
            facts.gaps.append("events: \(error.message)")
        }
        facts.writes = writes(uid)
        return facts
    }

    /// The pods that one of these controls.
    private func controlled(_ owners: Set<String>, _ gaps: inout [String]) async -> [KubeObject] {
        guard namespace != nil else { return [] }
        return await list("pods", "", namespace, &gaps).filter { pod in pod.ownerReferences.contains { owners.contains($0.uid) } }
    }

    private func addOwned(_ plural: String, _ group: String, _ uid: String, _ facts: inout WhyFacts) async {
        let middle = await list(plural, group, namespace, &facts.gaps).filter { object in object.ownerReferences.contains { $0.uid == uid } }
        facts.owned = await middle + controlled(Set(middle.map(\.uid)), &facts.gaps)
    }

    private func list(
        _ plural: String, _ group: String, _ namespace: String?, fields: FieldSelector = .everything, _ gaps: inout [String]
    ) async -> [KubeObject] {
        do throws(APIStatus) {
            let page = try await client.list(
                GroupVersionResource(group: group, version: "v1", resource: plural), namespace: namespace,
                ListOptions(fields: fields, limit: Self.limit))
            if page.continueToken != nil { gaps.append("only the first \(Self.limit) \(plural) were looked at") }
            return page.items
        } catch {
            gaps.append("\(plural): \(error.message)")
            return []
        }
    }
}

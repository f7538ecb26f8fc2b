internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore

/// One APIService for each group version that this server serves itself, those of CustomResourceDefinitions included.
/// Source: kube-aggregator `pkg/controllers/autoregister`, `pkg/controlplane/apiserver/aggregator.go`.
enum APIServiceRegistration {
    static let prefix = ObjectKey.prefix(group: "apiregistration.k8s.io", resource: "apiservices", namespace: nil)

    private static let label = "kube-aggregator.kubernetes.io/automanaged"

    /// The APIServices that there must be. Throws what reading the definitions throws.
    static func objects(_ core: ServerCore) throws(APIStatus) -> [KubeObject] {
        let own = Dictionary(uniqueKeysWithValues: core.registry.groups.map { ($0.name, $0) })
        var list: [KubeObject] = []
        for group in try core.customs.current().registry.groups {
            for (index, version) in group.versions.enumerated() {
                let isOwn = own[group.name]?.versions.contains(version) ?? false
                let rank = group.name.isEmpty ? 1 : isOwn ? 15 * (group.versions.count - index) : 100
                list.append(object(group.name, version, priority: isOwn ? group.priority : 1000, rank: rank, isOwn: isOwn, core))
            }
        }
        return list
    }

    private static func object(_ group: String, _ version: String, priority: Int, rank: Int, isOwn: Bool, _ core: ServerCore) -> KubeObject {
        let kind = GroupVersionKind(group: "apiregistration.k8s.io", version: "v1", kind: "APIService")
        var object = KubeObject(kind, name: "\(version).\(group)")
        object.labels = [label: isOwn ? "onstart" : "true"]
        var spec: JSONObject = [
            "version": .string(version), "groupPriorityMinimum": .integer(Int64(priority)), "versionPriority": .integer(Int64(rank)),
        ]
        if !group.isEmpty { spec["group"] = .string(group) }
        object["spec"] = .object(spec)
        object["status"] = [
            "conditions": [
                [
                    "type": "Available", "status": "True", "reason": "Local", "message": "Local APIServices are always available",
                    "lastTransitionTime": .string(core.time.now().rfc3339),
                ]
            ]
        ]
        return object
    }

    /// The deletions of what was registered for a group version that is served no more.
    static func removals(_ core: ServerCore, wanted: [KubeObject]) throws(APIStatus) -> [ObjectWrite] {
        let names = Set(wanted.map(\.name))
        let listing = try core.reading { () throws(StoreError) in try core.store.list(prefix: prefix) }
        var writes: [ObjectWrite] = []
        for item in listing.items where !names.contains(item.key.name) {
            guard try ObjectCoding.decode(item).labels[label] != nil else { continue }
            writes.append(
                ObjectWrite(key: item.key, bytes: nil, spliceOffset: nil, precondition: .revision(item.revision), writer: "system:apiserver"))
        }
        return writes
    }
}

import APIMachinery
import Controllers
import JSONCore
import KubeSchemas
import LinuxKernel

/// Caches that hold what a test gives them.
struct FixedCaches: Caches {
    var objects: [(GroupVersionResource, KubeObject)] = []
    var customKinds: [CustomResourceKind] = []

    mutating func add(_ view: some KubeView) { objects.append((type(of: view).resource, view.object)) }

    func get(_ name: ObjectName) -> KubeObject? {
        objects.first { $0.0 == name.resource && $0.1.namespace == name.namespace && $0.1.name == name.name }?.1
    }

    func all(_ resource: GroupVersionResource, namespace: String?) -> [KubeObject] {
        objects.filter { $0.0 == resource && (namespace == nil || $0.1.namespace == namespace) }.map(\.1)
    }

    func orphans(_ resource: GroupVersionResource, namespace: String) -> [KubeObject] {
        all(resource, namespace: namespace).filter { $0.controllerRef == nil }
    }

    func labelled(_ resource: GroupVersionResource, namespace: String, key: String, value: String) -> [KubeObject] {
        all(resource, namespace: namespace).filter { $0.labels[key] == value }
    }

    func owned(by uid: String, _ resource: GroupVersionResource) -> [KubeObject] {
        all(resource, namespace: nil).filter { $0.ownerReferences.contains { $0.uid == uid } }
    }
}

let start = Timestamp(seconds: 1_800_000_000)

func replicaSet(_ name: String, replicas: Int64, uid: String = "rs-uid") -> ReplicaSet {
    var set = ReplicaSet(name: name, namespace: "default")
    set.object.uid = uid
    set.object.generation = 1
    set.object["spec"] = [
        "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]],
        "template": ["metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "a", "image": "i"]]]],
    ]
    return set
}

func pod(
    _ name: String, owner: KubeObject? = nil, labels: [String: String] = ["app": "web"], phase: String = "Running", isReady: Bool = true,
    node: String = "n1"
) -> Pod {
    var pod = Pod(name: name, namespace: "default")
    pod.object.uid = "uid-\(name)"
    pod.object.labels = labels
    pod.object.creationTimestamp = start
    if let owner { pod.object.ownerReferences = [OwnerReference(controller: owner)] }
    pod.object["spec"] = ["nodeName": .string(node), "containers": [["name": "a", "image": "i"]]]
    pod.object["status"] = ["phase": .string(phase)]
    if isReady {
        pod.object["status", "conditions"] = [["type": "Ready", "status": "True", "lastTransitionTime": .string(start.rfc3339)]]
    }
    return pod
}

extension Reconciliation {
    var creations: [KubeObject] {
        changes.compactMap { if case .create(_, let object, _) = $0 { object } else { nil } }
    }
    var deletions: [String] {
        changes.compactMap { if case .delete(let name, _, _, _) = $0 { name.name } else { nil } }
    }
    var updates: [KubeObject] {
        changes.compactMap { if case .update(_, let object) = $0 { object } else { nil } }
    }
    var status: KubeObject? {
        changes.compactMap { if case .updateSubresource(_, let object, _) = $0 { object } else { nil } }.first
    }
    var patches: [JSONValue] {
        changes.compactMap { if case .patch(_, _, let patch) = $0 { patch } else { nil } }
    }
}

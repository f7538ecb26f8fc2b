import APIMachinery
import Controllers
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

/// A cluster that does at once what a controller wants; its pods run as soon as they are made, unless they are held.
struct ToyWorld {
    var caches = FixedCaches()
    var now = start
    /// Pods whose name contains one of these do not become ready.
    var broken: Set<String> = []
    private(set) var history: [String] = []
    private var made = 0

    /// Everything of a kind, by name.
    func all<View: KubeView>(_ type: View.Type) -> [View] {
        caches.all(View.resource, namespace: nil).map { View($0) }.sorted { $0.name < $1.name }
    }

    mutating func put(_ view: some KubeView) { put(type(of: view).resource, view.object) }

    mutating func put(_ resource: GroupVersionResource, _ object: KubeObject) {
        caches.objects.removeAll { $0.0 == resource && $0.1.name == object.name }
        caches.objects.append((resource, object))
    }

    mutating func remove(_ resource: GroupVersionResource, _ name: String) {
        caches.objects.removeAll { $0.0 == resource && $0.1.name == name }
    }

    /// Runs a controller until it wants nothing more; one that never comes to rest fails the test.
    mutating func settle(_ controller: some Controller, _ key: ObjectName, at place: SourceLocation = #_sourceLocation) {
        for _ in 0..<60 {
            let changes = controller.reconcile(key, caches, now: now).changes
            for change in changes { apply(change) }
            let hasMoved = run()
            if changes.allSatisfy({ if case .event = $0 { true } else { false } }), !hasMoved { return }
        }
        Issue.record("\(controller.name) does not come to rest", sourceLocation: place)
    }

    /// One run, without the pods doing anything.
    mutating func step(_ controller: some Controller, _ key: ObjectName) -> Reconciliation {
        let result = controller.reconcile(key, caches, now: now)
        for change in result.changes { apply(change) }
        return result
    }

    private mutating func apply(_ change: Change) {
        switch change {
        case .create(let resource, var object, _):
            made += 1
            object.uid = "made-\(made)"
            if object.name.isEmpty { object.name = "\(object.generateName)\(made)" }
            object.creationTimestamp = now
            if resource == Pod.resource { object["status"] = ["phase": "Pending"] }
            history.append("+\(object.name)")
            put(resource, object)
        case .update(let resource, let object): put(resource, object)
        case .updateSubresource(let resource, let object, _):
            guard var present = caches.get(ObjectName(resource, object)) else { return }
            present["status"] = object["status"]
            put(resource, present)
        case .delete(let name, _, _, _), .kill(let name, _):
            history.append("-\(name.name)")
            remove(name.resource, name.name)
        case .patch(let name, _, let patch):
            guard var object = caches.get(name) else { return }
            for label in patch["metadata", "labels"]?.objectValue ?? [:] { object.labels[label.key] = label.value.stringValue }
            for owner in patch["metadata", "ownerReferences"]?.arrayValue ?? [] {
                object.ownerReferences.removeAll { $0.uid == owner["uid"]?.stringValue }
                if owner["$patch"] == nil, let added = OwnerReference(value: owner) { object.ownerReferences.append(added) }
            }
            let added = patch["metadata", "finalizers"]?.arrayValue?.compactMap(\.stringValue) ?? []
            let removed = patch["metadata", "$deleteFromPrimitiveList/finalizers"]?.arrayValue?.compactMap(\.stringValue) ?? []
            let finalizers = object.finalizers.filter { !removed.contains($0) }
            object.finalizers = finalizers + added.filter { !finalizers.contains($0) }
            put(name.resource, object)
        case .deleteAll, .requireEmpty, .requireAbsent, .makeVolume, .removeVolume, .event: break
        }
    }

    /// Lets the pods start. True when one did.
    private mutating func run() -> Bool {
        var hasMoved = false
        for var pod in all(Pod.self) where !pod.isReady && !pod.isTerminated && !broken.contains(where: { pod.name.contains($0) }) {
            pod.object["status"] = [
                "phase": "Running",
                "conditions": [["type": "Ready", "status": "True", "lastTransitionTime": .string(now.rfc3339)]],
            ]
            put(pod)
            hasMoved = true
        }
        return hasMoved
    }
}

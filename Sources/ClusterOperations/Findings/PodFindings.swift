import APIMachinery
import JSONCore
import KubeSchemas

/// What pods and what they are made from say of themselves.
enum PodFindings {
    static func of(_ contents: NamespaceContents) -> [Finding] {
        let workloads = ListedKind.workloads.flatMap { kind in contents[kind].map { (kind, $0) } }
        // A pod that something controls is told of there.
        let bare = contents[.pods].filter { $0.controllerRef == nil && !Pod($0).isTerminated }.map { (ListedKind.pods, $0) }
        return (workloads + bare).flatMap { kind, object in template(object, kind, contents) } + contents[.pods].flatMap(pod)
    }

    /// What the pods are made from.
    private static func template(_ object: KubeObject, _ kind: ListedKind, _ contents: NamespaceContents) -> [Finding] {
        let target = ObjectTarget(object, kind)
        // What a controller of another kind made is told of there: a CronJob's Jobs.
        guard object.controllerRef == nil, let path = PodTemplate.specPath(target.groupKind), let spec = object.value.value(at: path[...]) else { return [] }
        let runsOn = ![.jobs, .cronJobs].contains(kind)
        let containers = spec["containers"]?.arrayValue ?? []
        return containers.flatMap { container($0, target, runsOn: runsOn) } + missing(spec, target, contents) + placement(spec, target, kind)
    }

    private static func container(_ container: JSONValue, _ target: ObjectTarget, runsOn: Bool) -> [Finding] {
        let name = container["name"]?.stringValue ?? ""
        var found: [Finding] = []
        func add(_ severity: Finding.Severity, _ text: String, _ remedy: String) {
            found.append(Finding(target, severity, "container \(name) \(text)", remedy: remedy))
        }
        let image = container["image"]?.stringValue ?? ""
        let tag = image.split(separator: "/").last.map(String.init) ?? ""
        if !image.contains("@"), !tag.contains(":") || tag.hasSuffix(":latest") {
            add(.risk, "runs \(image), whatever that is on the day of the pull", "name a version, or a digest")
        }
        if container["resources", "limits", "memory"] == nil {
            add(.risk, "has no memory limit: it can take the node's memory from everything else", "set resources.limits.memory")
        }
        if container["resources", "requests", "cpu"] == nil, container["resources", "limits", "cpu"] == nil {
            add(.advice, "asks for no CPU: the scheduler takes it for free", "set resources.requests.cpu")
        }
        if runsOn, container["readinessProbe"] == nil, !(container["ports"]?.arrayValue ?? []).isEmpty {
            add(.advice, "gets requests from the moment it starts", "set a readinessProbe")
        }
        if container["securityContext", "privileged"] == .bool(true) {
            add(.risk, "is privileged: it can do to the node whatever root can", "name the capabilities it needs in securityContext.capabilities.add")
        }
        return found
    }

    /// References to what is not there.
    private static func missing(_ spec: JSONValue, _ target: ObjectTarget, _ contents: NamespaceContents) -> [Finding] {
        PodReferences.named(spec).compactMap { reference in
            guard let kind = NamespaceContents.kinds.first(where: { $0.kind == reference.kind }),
                !contents.has(kind, reference.name, in: target.namespace)
            else { return nil }
            // The account default comes by itself.
            if kind == .accounts, reference.name == "default" { return nil }
            return Finding(
                target, .broken, "\(reference.place) names \(reference.kind) \(reference.name), which is not there",
                remedy: "create it, or correct the name")
        }
    }

    private static func placement(_ spec: JSONValue, _ target: ObjectTarget, _ kind: ListedKind) -> [Finding] {
        var found: [Finding] = []
        if kind == .pods {
            found.append(
                Finding(target, .advice, "nothing controls this pod: it does not come back when its node goes", remedy: "let a Deployment or a Job make it"))
        }
        for field in ["hostNetwork", "hostPID", "hostIPC"] where spec[field] == .bool(true) {
            found.append(Finding(target, .advice, "\(field) shares the node's own with the pod", remedy: "take \(field) away unless it is needed"))
        }
        return found
    }

    /// How a pod is now.
    private static func pod(_ object: KubeObject) -> [Finding] {
        let target = ObjectTarget(object, .pods)
        let state = ObjectState(object)
        var found: [Finding] = []
        if state.health == .error { found.append(Finding(target, .broken, "is \(state.text)", remedy: "ask why (w)")) }
        for container in Pod(object).status.containerStatuses where container.restartCount >= 5 {
            found.append(
                Finding(
                    target, .risk, "container \(container.name) was started again \(container.restartCount) times",
                    remedy: "look at the log of the instance before (p)"))
        }
        return found
    }
}

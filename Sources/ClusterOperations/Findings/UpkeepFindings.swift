import APIMachinery
import JSONCore
import KubeSchemas

/// Claims, autoscalers and budgets that do not do what they are for, and what nobody uses.
enum UpkeepFindings {
    static func of(_ contents: NamespaceContents) -> [Finding] {
        claims(contents) + contents[.autoscalers].flatMap { autoscaler($0, contents) } + contents[.budgets].flatMap { budget($0, contents) } + unused(contents)
    }

    private static func claims(_ contents: NamespaceContents) -> [Finding] {
        contents[.claims].compactMap { claim in
            let target = ObjectTarget(claim, .claims)
            switch claim.string("status", "phase") {
            case "Lost": return Finding(target, .broken, "its volume is gone", remedy: "restore the PersistentVolume, or make the claim again")
            case "Pending":
                // A class that waits for the first consumer is in no hurry.
                let isWanted = contents[.pods].contains { uses(claim, in: $0, "spec") }
                return isWanted ? Finding(target, .broken, "a pod waits for its volume", remedy: "ask why (w)") : nil
            default: return nil
            }
        }
    }

    private static func uses(_ claim: KubeObject, in object: KubeObject, _ path: String...) -> Bool {
        guard object.namespace == claim.namespace, let spec = object.value.value(at: path[...]) else { return false }
        return PodReferences.named(spec).contains { $0.kind == "PersistentVolumeClaim" && $0.name == claim.name }
    }

    private static func autoscaler(_ object: KubeObject, _ contents: NamespaceContents) -> [Finding] {
        let target = ObjectTarget(object, .autoscalers)
        let (kind, name) = (object.string("spec", "scaleTargetRef", "kind") ?? "", object.string("spec", "scaleTargetRef", "name") ?? "")
        guard let known = [ListedKind.deployments, .statefulSets].first(where: { $0.kind == kind }) else { return [] }
        guard contents.has(known, name, in: object.namespace) else {
            return [Finding(target, .broken, "scales \(kind) \(name), which is not there", remedy: "create it, or correct spec.scaleTargetRef")]
        }
        let isCPU = object.array("spec", "metrics").contains { $0["resource", "name"]?.stringValue == "cpu" }
        let containers = contents.object(known, name, in: object.namespace)?.array("spec", "template", "spec", "containers") ?? []
        let isMeasured = containers.allSatisfy { $0["resources", "requests", "cpu"] != nil || $0["resources", "limits", "cpu"] != nil }
        return isCPU && !isMeasured
            ? [Finding(target, .broken, "scales by CPU, and a container of \(kind) \(name) asks for none", remedy: "set resources.requests.cpu there")] : []
    }

    private static func budget(_ object: KubeObject, _ contents: NamespaceContents) -> [Finding] {
        let target = ObjectTarget(object, .budgets)
        // best effort: a selector that cannot be read is refused by the server.
        guard let selector = try? LabelSelector(value: object["spec", "selector"] ?? .null) else { return [] }
        let pods = contents[.pods].filter { $0.namespace == object.namespace && selector.matches($0.labels) && !Pod($0).isTerminated }
        guard !pods.isEmpty else { return [Finding(target, .advice, "protects no pods: \(selector)", remedy: "compare spec.selector with the pods' labels")] }
        guard object.integer("status", "disruptionsAllowed") == 0, pods.allSatisfy({ ObjectState($0).health == .ok }) else { return [] }
        return [
            Finding(
                target, .risk, "allows no disruption although all its pods are well: a node cannot be drained",
                remedy: "run another replica, or lower minAvailable")
        ]
    }

    /// ConfigMaps and Secrets that nothing in the namespace names. What reads them through the API cannot be seen.
    private static func unused(_ contents: NamespaceContents) -> [Finding] {
        var used: Set<String> = []
        for kind in ListedKind.workloads + [.pods] {
            for object in contents[kind] {
                let target = ObjectTarget(object, kind)
                guard let path = PodTemplate.specPath(target.groupKind), let spec = object.value.value(at: path[...]) else { continue }
                for reference in PodReferences.named(spec, isOptionalToo: true) { used.insert("\(reference.kind) \(object.namespace ?? "")/\(reference.name)") }
            }
        }
        return contents[.configMaps].compactMap { map in
            guard map.name != "kube-root-ca.crt", map.ownerReferences.isEmpty, map.namespace?.hasPrefix("kube-") != true,
                !used.contains("ConfigMap \(map.namespace ?? "")/\(map.name)")
            else { return nil }
            return Finding(
                ObjectTarget(map, .configMaps), .advice, "no pod and no template names it",
                remedy: "delete it, unless a program reads it through the API")
        }
    }
}

package import APIMachinery
package import JSONCore

/// What one object takes of the quotas of its namespace. Source: `pkg/quota/v1/evaluator/core`.
package struct QuotaUsage: Sendable, Hashable {
    /// Amounts by the names quotas limit them under: `pods`, `requests.cpu`, `count/deployments.apps`.
    package var amounts: [String: Quantity]
    /// What scopes ask about.
    package var facts: QuotaFacts

    /// The usage of an object of a resource.
    package init(_ object: KubeObject, group: String, resource: String) {
        amounts = [Self.countName(group: group, resource: resource): Quantity(value: 1)]
        facts = QuotaFacts()
        guard group.isEmpty else { return }
        switch resource {
        case "pods": addPod(object)
        case "services": addService(object)
        case "persistentvolumeclaims": addClaim(object)
        case "configmaps", "secrets", "replicationcontrollers", "resourcequotas": amounts[resource] = Quantity(value: 1)
        default: break
        }
    }

    /// The name objects of a resource are counted under, whatever the resource: `count/jobs.batch`.
    package static func countName(group: String, resource: String) -> String {
        group.isEmpty ? "count/\(resource)" : "count/\(resource).\(group)"
    }

    /// Whether a quota on `name` is about objects of this resource.
    package static func concerns(_ name: String, group: String, resource: String) -> Bool {
        if name == countName(group: group, resource: resource) { return true }
        guard group.isEmpty else { return false }
        switch resource {
        case "pods":
            if name == "pods" || name == "cpu" || name == "memory" || name == "ephemeral-storage" { return true }
            if name.hasPrefix("limits.") || HugePageResource.isName(name) { return true }
            return name.hasPrefix("requests.") && name != "requests.storage"
        case "services": return name == "services" || name == "services.nodeports" || name == "services.loadbalancers"
        case "persistentvolumeclaims":
            return name == "persistentvolumeclaims" || name == "requests.storage" || name.contains(".storageclass.storage.k8s.io/")
        case "configmaps", "secrets", "replicationcontrollers", "resourcequotas": return name == resource
        default: return false
        }
    }

    private mutating func addPod(_ object: KubeObject) {
        let pod = Pod(object)
        facts = QuotaFacts(pod: object, qosClass: QOSClass(pod.spec))
        let phase = object.string("status", "phase")
        guard phase != "Failed", phase != "Succeeded" else { return }
        amounts["pods"] = Quantity(value: 1)
        let resources = PodResources(pod.spec)
        for (name, amount) in resources.requests {
            amounts["requests.\(name)"] = amount
            if !name.contains("/") { amounts[name] = amount }
        }
        for (name, amount) in resources.limits { amounts["limits.\(name)"] = amount }
    }

    private mutating func addService(_ object: KubeObject) {
        amounts["services"] = Quantity(value: 1)
        let ports = object.array("spec", "ports")
        var nodePorts = 0
        switch object.string("spec", "type") {
        case "NodePort": nodePorts = ports.count
        case "LoadBalancer":
            amounts["services.loadbalancers"] = Quantity(value: 1)
            let allocates = object.bool("spec", "allocateLoadBalancerNodePorts") ?? true
            nodePorts = allocates ? ports.count : ports.filter { ($0["nodePort"]?.integerValue ?? 0) != 0 }.count
        default: break
        }
        if nodePorts > 0 { amounts["services.nodeports"] = Quantity(value: Int64(nodePorts)) }
    }

    private mutating func addClaim(_ object: KubeObject) {
        facts = QuotaFacts(claim: object)
        amounts["persistentvolumeclaims"] = Quantity(value: 1)
        let text = object.string("spec", "resources", "requests", "storage")
        // best effort: an amount that cannot be read counts nothing; validation refuses it.
        let storage = text.flatMap { try? Quantity(parsing: $0) }
        if let storage { amounts["requests.storage"] = storage }
        guard let name = object.string("spec", "storageClassName"), !name.isEmpty else { return }
        let prefix = "\(name).storageclass.storage.k8s.io"
        amounts["\(prefix)/persistentvolumeclaims"] = Quantity(value: 1)
        if let storage { amounts["\(prefix)/requests.storage"] = storage }
    }
}

/// What the scopes of quotas ask about a pod, and about a claim.
package struct QuotaFacts: Sendable, Hashable {
    /// Whether it is a pod: all scopes but one select nothing else.
    package var isPod = false
    /// Whether it is a claim, which one scope selects.
    package var isClaim = false
    /// The VolumeAttributesClasses that a claim asks for, has and is being changed to.
    package var attributesClasses: Set<String> = []
    /// Whether it has a deadline.
    package var isTerminating = false
    /// Whether it requests and limits nothing.
    package var isBestEffort = false
    /// Whether it wants to be near, or far from, pods of other namespaces.
    package var crossesNamespaces = false
    /// The name of its priority class; empty when it has none.
    package var priorityClass = ""

    /// What no scope selects.
    package init() {}

    init(claim: KubeObject) {
        isClaim = true
        let names = [
            claim.string("spec", "volumeAttributesClassName"), claim.string("status", "currentVolumeAttributesClassName"),
            claim.string("status", "modifyVolumeStatus", "targetVolumeAttributesClassName"),
        ]
        attributesClasses = Set(names.compactMap(\.self).filter { !$0.isEmpty })
    }

    init(pod: KubeObject, qosClass: QOSClass) {
        isPod = true
        isTerminating = (pod.integer("spec", "activeDeadlineSeconds") ?? -1) >= 0
        isBestEffort = qosClass == .bestEffort
        priorityClass = pod.string("spec", "priorityClassName") ?? ""
        for kind in ["podAffinity", "podAntiAffinity"] {
            guard let affinity = pod["spec", "affinity", kind] else { continue }
            var terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]?.arrayValue ?? []
            terms += (affinity["preferredDuringSchedulingIgnoredDuringExecution"]?.arrayValue ?? []).compactMap { $0["podAffinityTerm"] }
            if terms.contains(where: { !($0["namespaces"]?.arrayValue ?? []).isEmpty || $0["namespaceSelector"] != nil }) {
                crossesNamespaces = true
            }
        }
    }
}

/// One ResourceQuota in the form objects are checked against.
package struct QuotaLimits: Sendable {
    /// Its name.
    package let name: String
    /// What is allowed at most, by name.
    package let hard: [String: Quantity]
    private let scopes: [Scope]

    private typealias Scope = (name: String, comparison: String, values: [String])

    /// Reads a ResourceQuota; amounts that cannot be read limit nothing.
    package init(_ object: KubeObject) {
        name = object.name
        hard = Self.amounts(object["spec", "hard"])
        var scopes: [Scope] = object.array("spec", "scopes").compactMap(\.stringValue).map { ($0, "Exists", []) }
        for term in object.array("spec", "scopeSelector", "matchExpressions") {
            scopes.append(
                (
                    name: term["scopeName"]?.stringValue ?? "", comparison: term["operator"]?.stringValue ?? "Exists",
                    values: (term["values"]?.arrayValue ?? []).compactMap(\.stringValue)
                ))
        }
        self.scopes = scopes
    }

    /// Amounts by name of a resource list.
    package static func amounts(_ list: JSONValue?) -> [String: Quantity] {
        var amounts: [String: Quantity] = [:]
        for member in list?.objectValue ?? JSONObject() {
            // best effort: stored lists have been validated.
            amounts[member.key] = try? Quantity(parsing: member.value.stringValue ?? member.value.description)
        }
        return amounts
    }

    /// A resource list as JSON, in the order of names.
    package static func list(_ amounts: [String: Quantity]) -> JSONValue {
        .object(JSONObject(amounts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.canonical)) }))
    }

    /// Whether the quota counts an object of these facts.
    package func counts(_ facts: QuotaFacts) -> Bool { scopes.allSatisfy { Self.selects($0, facts) } }

    private static func selects(_ scope: Scope, _ facts: QuotaFacts) -> Bool {
        if scope.name == "VolumeAttributesClass" { return facts.isClaim && selects(scope, among: facts.attributesClasses) }
        guard facts.isPod else { return false }
        return switch scope.name {
        case "Terminating": facts.isTerminating
        case "NotTerminating": !facts.isTerminating
        case "BestEffort": facts.isBestEffort
        case "NotBestEffort": !facts.isBestEffort
        case "CrossNamespacePodAffinity": facts.crossesNamespaces
        case "PriorityClass": selects(scope, among: facts.priorityClass.isEmpty ? [] : [facts.priorityClass])
        default: false
        }
    }

    /// Whether a scope about names selects an object that has these.
    private static func selects(_ scope: Scope, among names: Set<String>) -> Bool {
        switch scope.comparison {
        case "In": scope.values.contains { names.contains($0) }
        case "NotIn": names.isEmpty || names.contains { !scope.values.contains($0) }
        case "DoesNotExist": names.isEmpty
        default: !names.isEmpty
        }
    }

    /// The limited names that are about objects of a resource.
    package func names(group: String, resource: String) -> Set<String> {
        Set(hard.keys.filter { QuotaUsage.concerns($0, group: group, resource: resource) })
    }
}

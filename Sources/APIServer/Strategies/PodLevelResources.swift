internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// What a pod as a whole asks for and may use (`spec.resources`), beside what its containers say.
enum PodLevelResources {
    /// What the containers of a pod come to, as if nothing were said of the pod.
    private static func containers(_ spec: JSONValue) -> PodResources {
        var spec = spec
        for field in ["resources", "overhead"] { spec[field] = nil }
        return PodResources(PodSpec(spec))
    }

    /// What the pod says of itself; nil when it says nothing.
    private static func own(_ spec: JSONValue) -> ResourceRequirements? {
        guard let value = spec["resources"], value.objectValue?.isEmpty == false else { return nil }
        return ResourceRequirements(value)
    }

    private static func sorted(_ amounts: [String: Quantity]) -> [(key: String, value: Quantity)] { amounts.sorted { $0.key < $1.key } }

    /// Completes what a pod says of itself: it asks for what its containers ask for, else for its limit. Huge pages are limited, and so asked for,
    /// as the containers limit them. Source: `pkg/apis/core/v1/defaults.go` defaultPodRequests and defaultHugePagePodLimits.
    ///
    /// A pod that exists is given only what the `old` spec has: it may have been stored before its containers got what others give them, and what it
    /// goes without is among what may not change.
    static func complete(_ spec: inout JSONValue, old: JSONValue?) {
        let sent = spec
        complete(&spec)
        guard let old else { return }
        for kind in ["limits", "requests"] {
            for name in (spec["resources", kind]?.objectValue ?? [:]).keys where sent["resources", kind, name] == nil && old["resources", kind, name] == nil {
                spec["resources", kind, name] = nil
            }
            if sent["resources", kind] == nil, spec["resources", kind]?.objectValue?.isEmpty == true { spec["resources", kind] = nil }
        }
    }

    private static func complete(_ spec: inout JSONValue) {
        guard let own = own(spec), !own.requests.isEmpty || !own.limits.isEmpty else { return }
        let containers = containers(spec)
        for (name, amount) in sorted(containers.limits) where HugePageResource.isName(name) && own.limits[name] == nil {
            spec["resources", "limits", name] = .string(amount.canonical)
        }
        let limits = ResourceRequirements(spec["resources"] ?? .null).limits
        guard !limits.isEmpty else { return }
        for (name, amount) in sorted(containers.requests) where own.requests[name] == nil && ["cpu", "memory"].contains(name) {
            spec["resources", "requests", name] = .string(amount.canonical)
        }
        for (name, limit) in sorted(limits) where spec["resources", "requests", name] == nil && isKnown(name) {
            spec["resources", "requests", name] = .string(limit.canonical)
        }
    }

    /// Resources that may be said of a pod.
    static func isKnown(_ name: String) -> Bool { ["cpu", "memory"].contains(name) || HugePageResource.isName(name) }

    /// Where the containers go beyond what the pod as a whole asks for or may use.
    /// Source: `pkg/apis/core/validation/validation.go` validatePodResources and validatePodResourceConsistency.
    static func errors(_ spec: JSONValue, field: String) -> [FieldError] {
        guard let own = own(spec) else { return [] }
        if !(spec["resources", "claims"]?.arrayValue ?? []).isEmpty {
            return [.forbidden("\(field).claims", "claims may not be set for Resources at pod-level")]
        }
        let containers = containers(spec)
        var errors: [FieldError] = []
        func cover(_ kind: String, _ own: [String: Quantity], _ sums: [String: Quantity]) {
            for (name, sum) in sorted(sums) {
                guard let amount = own[name], amount < sum else { continue }
                let why = "must be greater than or equal to aggregate container \(kind) of \(sum.canonical)"
                errors.append(.invalid("\(field).\(kind)[\(name)]", .string(amount.canonical), why))
            }
        }
        cover("requests", own.requests, containers.requests)
        cover("limits", own.limits, containers.limits.filter { HugePageResource.isName($0.key) })
        for (index, container) in PodSpec(spec).containers.enumerated() {
            for (name, limit) in sorted(container.resources.limits) {
                guard let most = own.limits[name], most < limit else { continue }
                // The path is Kubernetes' own.
                errors.append(
                    .invalid(
                        "\(field).containers[\(index)][\(name)].limits", .string(limit.canonical),
                        "must be less than or equal to pod limits of \(most.canonical)"))
            }
        }
        return errors
    }
}

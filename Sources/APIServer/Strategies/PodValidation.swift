internal import APIMachinery
internal import JSONCore

/// The rules of a pod spec that the schema cannot say. Source: `pkg/apis/core/validation/validation.go`.
enum PodValidation {
    /// What is wrong with a pod spec found at `field`.
    static func spec(_ spec: JSONValue, field: String) -> [FieldError] {
        let containers = spec["containers"]?.arrayValue ?? []
        var errors: [FieldError] = []
        let (volumes, volumeErrors) = VolumeValidation.volumes(spec["volumes"]?.arrayValue ?? [], field: "\(field).volumes")
        errors += volumeErrors
        if containers.isEmpty { errors.append(.required("\(field).containers")) }
        var names: Set<String> = []
        let claims = spec["resourceClaims"]?.arrayValue ?? []
        let claimNames = Set(claims.compactMap { $0["name"]?.stringValue })
        let lists = ["initContainers", "containers", "ephemeralContainers"].map { ($0, spec[$0]?.arrayValue ?? []) }
        for (kind, list) in lists {
            var ports: Set<String> = []
            for (index, container) in list.enumerated() {
                let place = "\(field).\(kind)[\(index)]"
                errors += ContainerValidation.container(
                    container, field: place, volumes: volumes, isInit: kind == "initContainers",
                    gracePeriod: spec["terminationGracePeriodSeconds"]?.integerValue ?? 30)
                errors += ContainerValidation.isolation(container, field: place, hasOwnUsers: spec["hostUsers"]?.boolValue == false)
                if kind == "ephemeralContainers" {
                    errors += ContainerValidation.debugging(container, field: place)
                } else {
                    let used = container["resources", "claims"]?.arrayValue ?? []
                    errors += ContainerValidation.claims(used, field: "\(place).resources.claims", known: claimNames)
                }
                let name = container["name"]?.stringValue ?? ""
                if !name.isEmpty, !names.insert(name).inserted { errors.append(.duplicate("\(place).name", .string(name))) }
                errors += hostPorts(container, field: place, seen: &ports)
            }
        }
        errors += ContainerValidation.resources(spec["resources"], field: "\(field).resources", ofPod: true)
        errors += PodLevelResources.errors(spec, field: "\(field).resources")
        errors += ContainerValidation.podClaims(claims, field: "\(field).resourceClaims")
        errors += scalars(spec, field: field)
        errors += users(spec, field: field)
        errors += placement(spec, field: field)
        errors += surroundings(spec, field: field)
        errors += tolerations(spec["tolerations"]?.arrayValue ?? [], field: "\(field).tolerations")
        return errors
    }

    private static func hostPorts(_ container: JSONValue, field: String, seen: inout Set<String>) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, port) in (container["ports"]?.arrayValue ?? []).enumerated() {
            guard let host = port["hostPort"]?.integerValue, host != 0 else { continue }
            let text = "\(port["protocol"]?.stringValue ?? "TCP")/\(port["hostIP"]?.stringValue ?? "")/\(host)"
            if !seen.insert(text).inserted { errors.append(.duplicate("\(field).ports[\(index)].hostPort", .integer(host))) }
        }
        return errors
    }

    private static func scalars(_ spec: JSONValue, field: String) -> [FieldError] {
        var errors: [FieldError] = []
        if let seconds = spec["activeDeadlineSeconds"]?.integerValue, !(1...Int64(Int32.max)).contains(seconds) {
            errors.append(
                .invalid("\(field).activeDeadlineSeconds", .integer(seconds), "must be between 1 and 2147483647, inclusive"))
        }
        if let seconds = spec["terminationGracePeriodSeconds"]?.integerValue, seconds < 0 {
            errors.append(.invalid("\(field).terminationGracePeriodSeconds", .integer(seconds), "must be greater than or equal to 0"))
        }
        for name in ["hostname", "subdomain"] {
            guard let text = spec[name]?.stringValue, !text.isEmpty else { continue }
            for why in NameValidation.dnsLabel(text) { errors.append(.invalid("\(field).\(name)", .string(text), why)) }
        }
        for name in ["nodeName", "serviceAccountName"] {
            guard let text = spec[name]?.stringValue, !text.isEmpty else { continue }
            for why in NameValidation.dnsSubdomain(text) { errors.append(.invalid("\(field).\(name)", .string(text), why)) }
        }
        if let labels = spec["nodeSelector"]?.objectValue { errors += LabelValidation.labels(labels, field: "\(field).nodeSelector") }
        if spec["hostPID"]?.boolValue == true, spec["shareProcessNamespace"]?.boolValue == true {
            errors.append(
                .invalid("\(field).shareProcessNamespace", true, "ShareProcessNamespace and HostPID cannot both be enabled"))
        }
        return errors
    }

    /// Namespaces of the node's belong to the node's users. Source: `validation.go` validateHostUsers.
    private static func users(_ spec: JSONValue, field: String) -> [FieldError] {
        guard spec["hostUsers"]?.boolValue == false else { return [] }
        return ["hostNetwork", "hostPID", "hostIPC"].filter { spec[$0]?.boolValue == true }.map {
            // Upstream spells the last two with a capital.
            .forbidden("\(field).\($0 == "hostNetwork" ? $0 : "H" + $0.dropFirst())", "when `hostUsers` is false")
        }
    }

    private static func tolerations(_ tolerations: [JSONValue], field: String) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, toleration) in tolerations.enumerated() {
            let place = "\(field)[\(index)]"
            let key = toleration["key"]?.stringValue ?? ""
            let comparison = toleration["operator"]?.stringValue ?? ""
            if !key.isEmpty {
                for why in LabelValidation.keyProblems(key) { errors.append(.invalid("\(place).key", .string(key), why)) }
            } else if comparison != "Exists" {
                let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\""
                errors.append(.invalid("\(place).operator", .string(comparison), why))
            }
            if toleration["tolerationSeconds"]?.integerValue != nil, toleration["effect"]?.stringValue != "NoExecute" {
                let why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
                errors.append(.invalid("\(place).effect", toleration["effect"] ?? "", why))
            }
            if comparison == "Exists", let value = toleration["value"]?.stringValue, !value.isEmpty {
                errors.append(.invalid("\(place).operator", toleration, "value must be empty when `operator` is 'Exists'"))
            }
        }
        return errors
    }
}

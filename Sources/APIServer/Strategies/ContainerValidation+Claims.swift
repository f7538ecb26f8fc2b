internal import APIMachinery
internal import JSONCore

extension ContainerValidation {
    /// What is wrong with the devices that a container uses: each is one of the pod's `known` claims, or a request of one, and none is named twice.
    /// Source: `pkg/apis/core/validation/validation.go` validateResourceClaimNames.
    static func claims(_ claims: [JSONValue], field: String, known: Set<String>) -> [FieldError] {
        var errors: [FieldError] = []
        var seen: Set<String> = []
        for (index, claim) in claims.enumerated() {
            let place = "\(field)[\(index)]"
            let (name, request) = (claim["name"]?.stringValue ?? "", claim["request"]?.stringValue ?? "")
            guard !name.isEmpty else {
                errors.append(.required(place))
                continue
            }
            let key = request.isEmpty ? name : "\(name)/\(request)"
            if seen.contains(name) {
                errors.append(.duplicate(place, .string(name)))
            } else {
                if !request.isEmpty {
                    for why in NameValidation.dnsLabel(request) { errors.append(.invalid("\(place).request", .string(request), why)) }
                }
                let isWithin = request.isEmpty && seen.contains { $0.hasPrefix("\(name)/") }
                if isWithin || !seen.insert(key).inserted { errors.append(.duplicate(place, .string(key))) }
            }
            guard !known.contains(name) else { continue }
            let names = known.isEmpty ? " which is empty" : ": \(known.sorted().joined(separator: ", "))"
            errors.append(.notFound(place, .string(name), "must be one of the names in pod.spec.resourceClaims\(names)"))
        }
        return errors
    }

    /// What is wrong with the claims of a pod. Source: `pkg/apis/core/validation/validation.go` validatePodResourceClaims.
    static func podClaims(_ claims: [JSONValue], field: String) -> [FieldError] {
        var errors: [FieldError] = []
        var seen: Set<String> = []
        for (index, claim) in claims.enumerated() {
            let place = "\(field)[\(index)]"
            let name = claim["name"]?.stringValue ?? ""
            if name.isEmpty {
                errors.append(.required("\(place).name"))
            } else if !seen.insert(name).inserted {
                errors.append(.duplicate("\(place).name", .string(name)))
            } else {
                for why in NameValidation.dnsLabel(name) { errors.append(.invalid("\(place).name", .string(name), why)) }
            }
            let sources = ["resourceClaimName", "resourceClaimTemplateName"].compactMap { source in claim[source]?.stringValue.map { (source, $0) } }
            if sources.count > 1 {
                errors.append(.invalid(place, claim, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"))
            }
            if sources.isEmpty { errors.append(.invalid(place, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")) }
            for (source, target) in sources {
                for why in NameValidation.dnsSubdomain(target) { errors.append(.invalid("\(place).\(source)", .string(target), why)) }
            }
        }
        return errors
    }
}

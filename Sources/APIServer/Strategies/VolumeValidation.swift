internal import APIMachinery
internal import JSONCore

/// Volumes of a pod: named once, from exactly one source. Source: `pkg/apis/core/validation/validation.go` ValidateVolumes.
enum VolumeValidation {
    /// The names, and what is wrong.
    static func volumes(_ volumes: [JSONValue], field: String) -> (Set<String>, [FieldError]) {
        var names: Set<String> = []
        var errors: [FieldError] = []
        for (index, volume) in volumes.enumerated() {
            let place = "\(field)[\(index)]"
            let name = volume["name"]?.stringValue ?? ""
            if name.isEmpty {
                errors.append(.required("\(place).name"))
            } else {
                for why in NameValidation.dnsLabel(name) { errors.append(.invalid("\(place).name", .string(name), why)) }
                if !names.insert(name).inserted { errors.append(.duplicate("\(place).name", .string(name))) }
            }
            let sources = (volume.objectValue ?? JSONObject()).filter { $0.key != "name" && !$0.value.isNull }
            if sources.isEmpty { errors.append(.required(place, "must specify a volume type")) }
            for extra in sources.dropFirst() {
                errors.append(.forbidden("\(place).\(extra.key)", "may not specify more than 1 volume type"))
            }
            if let source = sources.first { errors += check(source.key, source.value, field: "\(place).\(source.key)") }
        }
        return (names, errors)
    }

    private static func check(_ kind: String, _ source: JSONValue, field: String) -> [FieldError] {
        func required(_ name: String) -> [FieldError] {
            (source[name]?.stringValue ?? "").isEmpty ? [.required("\(field).\(name)")] : []
        }
        switch kind {
        case "hostPath":
            let path = source["path"]?.stringValue ?? ""
            if path.isEmpty { return [.required("\(field).path")] }
            return path.split(separator: "/").contains("..") ? [.invalid("\(field).path", .string(path), "must not contain '..'")] : []
        case "configMap": return required("name") + VolumeFileValidation.volume(kind, source, field: field)
        case "secret": return required("secretName") + VolumeFileValidation.volume(kind, source, field: field)
        case "downwardAPI", "projected": return VolumeFileValidation.volume(kind, source, field: field)
        case "csi":
            var errors = DeviceRules.driver(source["driver"], "\(field).driver")
            guard let reference = source["nodePublishSecretRef"], !reference.isNull else { return errors }
            let name = reference["name"]?.stringValue ?? ""
            if name.isEmpty { errors.append(.required("\(field).nodePublishSecretRef.name")) }
            if !name.isEmpty {
                errors += NameValidation.dnsSubdomain(name).map { .invalid("\(field).nodePublishSecretRef.name", .string(name), $0) }
            }
            return errors
        case "nfs":
            let path = source["path"]?.stringValue ?? ""
            let isAbsolute = path.isEmpty || path.hasPrefix("/")
            return required("server") + required("path") + (isAbsolute ? [] : [.invalid("\(field).path", .string(path), "must be an absolute path")])
        case "ephemeral":
            guard let template = source["volumeClaimTemplate"], !template.isNull else { return [.required("\(field).volumeClaimTemplate")] }
            return ClaimRules.spec(template["spec"] ?? .null, "\(field).volumeClaimTemplate.spec")
        case "persistentVolumeClaim": return required("claimName")
        case "emptyDir":
            guard let limit = Quantity(decoded: source["sizeLimit"]), limit.isNegative else { return [] }
            return [.forbidden("\(field).sizeLimit", "SizeLimit field must be a valid resource quantity")]
        default: return VolumeSourceValidation.check(kind, source, field: field)
        }
    }
}

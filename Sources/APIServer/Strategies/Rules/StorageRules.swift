internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// Source: `pkg/apis/core/validation/validation.go`, `pkg/apis/storage/validation/validation.go`.
extension KindRules {
    static let persistentVolumeClaim = KindRules(
        firstStatus: ["phase": "Pending"], check: { ClaimRules.spec($0["spec"] ?? .null, "spec") }, change: ClaimRules.change)

    static let persistentVolume = KindRules(
        firstStatus: ["phase": "Pending"], check: VolumeRules.check,
        change: { object, old in
            var errors: [FieldError] = []
            if VolumeRules.source(object) != VolumeRules.source(old) {
                errors.append(
                    .forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"))
            }
            return errors + WorkloadValidation.fixed(["spec", "volumeMode"], object, old)
        })

    /// What a driver has told of a node stays, but for how many volumes it can take.
    static let storageNode = KindRules(change: { object, old in
        let known = old.array("spec", "drivers")
        return object.array("spec", "drivers").compactMap { driver in
            guard let before = known.first(where: { $0["name"] == driver["name"] }) else { return nil }
            var (new, rest) = (driver, before)
            (new["allocatable"], rest["allocatable"]) = (nil, nil)
            return new == rest ? nil : .invalid("CSINodeDriver", driver, "field is immutable")
        }
    })

    static let storageClass = KindRules(
        check: StorageClassRules.check,
        change: { object, old in
            ["parameters", "provisioner", "reclaimPolicy"].compactMap { field in
                object[field] == old[field] ? nil : .forbidden(field, "updates to \(field) are forbidden.")
            }
        })
}

enum StorageClassRules {
    static let check: @Sendable (KubeObject) -> [FieldError] = { object in
        var errors: [FieldError] = []
        let parameters = object["parameters"]?.objectValue ?? JSONObject()
        if parameters.count > 512 { errors.append(.tooLong("parameters", maximum: 512)) }
        for member in parameters where member.key.isEmpty { errors.append(.invalid("parameters", "", "field can not be empty.")) }
        return errors
    }
}

enum ClaimRules {
    /// What is wrong with the spec of a claim.
    static func spec(_ spec: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        let modes = (spec["accessModes"]?.arrayValue ?? []).compactMap(\.stringValue)
        errors += accessModes(modes, "\(field).accessModes")
        errors += RuleChecks.selector(spec["selector"], "\(field).selector")
        let storage = QuotaLimits.amounts(spec["resources", "requests"])["storage"]
        if let storage {
            if storage.isNegative || storage.isZero {
                errors.append(.invalid("\(field).resources[storage]", .string(storage.canonical), "must be greater than zero"))
            }
        } else {
            errors.append(.required("\(field).resources[storage]"))
        }
        if let name = spec["storageClassName"]?.stringValue, !name.isEmpty {
            for why in NameValidation.dnsSubdomain(name) { errors.append(.invalid("\(field).storageClassName", .string(name), why)) }
        }
        return errors
    }

    static func accessModes(_ modes: [String], _ field: String) -> [FieldError] {
        guard !modes.isEmpty else { return [.required(field, "at least 1 access mode is required")] }
        let known = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
        var errors: [FieldError] = []
        for mode in modes where !known.contains(mode) { errors.append(.notSupported(field, .string(mode), known)) }
        if modes.contains("ReadWriteOncePod"), modes.count > 1 {
            errors.append(.forbidden(field, "may not use ReadWriteOncePod with other access modes"))
        }
        return errors
    }

    static let change: @Sendable (KubeObject, KubeObject) -> [FieldError] = { object, old in
        var (new, before) = (object["spec"] ?? .null, old["spec"] ?? .null)
        let isBound = old.string("status", "phase") == "Bound"
        // The volume and, late, the default class are filled in once.
        if (before["volumeName"]?.stringValue ?? "").isEmpty { before["volumeName"] = new["volumeName"] }
        if before["storageClassName"] == nil { before["storageClassName"] = new["storageClassName"] }
        before["volumeAttributesClassName"] = new["volumeAttributesClassName"]
        let (wanted, had) = (storage(new), storage(before))
        if isBound { before["resources", "requests", "storage"] = new["resources", "requests", "storage"] }
        var errors: [FieldError] = []
        if new != before {
            errors.append(
                .forbidden(
                    "spec",
                    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"))
        }
        if isBound, let wanted, let had, wanted < had {
            let capacity = QuotaLimits.amounts(old["status", "capacity"])["storage"]
            if capacity.map({ wanted < $0 }) ?? true {
                errors.append(.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity"))
            }
        }
        return errors
    }

    private static func storage(_ spec: JSONValue) -> Quantity? { QuotaLimits.amounts(spec["resources", "requests"])["storage"] }
}

enum VolumeRules {
    /// Fields of a volume's spec that are no source.
    private static let others: Set<String> = [
        "capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName", "mountOptions", "volumeMode",
        "nodeAffinity", "volumeAttributesClassName",
    ]

    static func source(_ object: KubeObject) -> JSONValue {
        var spec = object["spec"]?.objectValue ?? JSONObject()
        spec.removeAll { others.contains($0.key) || $0.value.isNull }
        return .object(spec)
    }

    /// Source: validateCSIPersistentVolumeSource.
    private static func csi(_ source: JSONValue, _ field: String) -> [FieldError] {
        var errors = DeviceRules.driver(source["driver"], "\(field).driver")
        if (source["volumeHandle"]?.stringValue ?? "").isEmpty { errors.append(.required("\(field).volumeHandle")) }
        for name in ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"] {
            guard let reference = source[name], !reference.isNull else { continue }
            for part in ["name", "namespace"] where (reference[part]?.stringValue ?? "").isEmpty {
                errors.append(.required("\(field).\(name).\(part)"))
            }
        }
        return errors
    }

    static let check: @Sendable (KubeObject) -> [FieldError] = { object in
        var errors = ClaimRules.accessModes(object.array("spec", "accessModes").compactMap(\.stringValue), "spec.accessModes")
        let capacity = QuotaLimits.amounts(object["spec", "capacity"])
        if capacity.isEmpty {
            errors.append(.required("spec.capacity"))
        } else if capacity["storage"] == nil || capacity.count > 1 {
            errors.append(.notSupported("spec.capacity", object["spec", "capacity"] ?? .null, ["storage"]))
        }
        if let storage = capacity["storage"], storage.isNegative || storage.isZero {
            errors.append(.invalid("spec.capacity[storage]", .string(storage.canonical), "must be greater than zero"))
        }
        let sources = source(object).objectValue ?? JSONObject()
        if sources.isEmpty { errors.append(.required("spec", "must specify a volume type")) }
        for extra in sources.dropFirst() { errors.append(.forbidden("spec.\(extra.key)", "may not specify more than 1 volume type")) }
        if let source = sources.first {
            errors += VolumeSourceValidation.check(source.key, source.value, field: "spec.\(source.key)", isPersistent: true)
        }
        if let path = object.string("spec", "hostPath", "path") {
            if path.split(separator: "/").contains("..") {
                errors.append(.invalid("spec.hostPath.path", .string(path), "must not contain '..'"))
            }
            if path == "/", object.string("spec", "persistentVolumeReclaimPolicy") == "Recycle" {
                errors.append(.forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'"))
            }
        }
        if let csi = object["spec", "csi"], !csi.isNull { errors += VolumeRules.csi(csi, "spec.csi") }
        if object["spec", "local"] != nil, object["spec", "nodeAffinity"] == nil {
            errors.append(.required("spec.nodeAffinity", "Local volume requires node affinity"))
        }
        if let name = object.string("spec", "storageClassName"), !name.isEmpty {
            for why in NameValidation.dnsSubdomain(name) { errors.append(.invalid("spec.storageClassName", .string(name), why)) }
        }
        return errors
    }
}

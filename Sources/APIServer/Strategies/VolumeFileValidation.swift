internal import APIMachinery
internal import JSONCore

/// The files of volumes that are made of objects: configMap, secret, downwardAPI and projected.
/// Source: `pkg/apis/core/validation/validation.go` validateProjectionSources, validateKeyToPath, validateDownwardAPIVolumeFile.
enum VolumeFileValidation {
    /// What is wrong with the volume's mode and files.
    static func volume(_ kind: String, _ source: JSONValue, field: String) -> [FieldError] {
        var errors = mode(source["defaultMode"], "\(field).defaultMode")
        switch kind {
        case "configMap", "secret": errors += items(source["items"], "\(field).items")
        case "downwardAPI": errors += downward(source["items"], "\(field).items")
        case "projected":
            let parts = source["sources"]?.arrayValue ?? []
            for (index, part) in parts.enumerated() { errors += projected(part, "\(field).sources[\(index)]") }
            errors += clashes(parts, field)
        default: break
        }
        return errors
    }

    /// Two parts that want the same file.
    private static func clashes(_ parts: [JSONValue], _ field: String) -> [FieldError] {
        var taken: Set<String> = []
        var errors: [FieldError] = []
        func take(_ path: String?, _ named: String?) {
            guard let path, !path.isEmpty, !taken.insert(path).inserted else { return }
            errors.append(.invalid(field, .string(named ?? path), "conflicting duplicate paths"))
        }
        for part in parts {
            for kind in ["secret", "configMap"] {
                let name = part[kind, "name"]?.stringValue ?? ""
                for item in part[kind, "items"]?.arrayValue ?? [] { take(item["path"]?.stringValue, name) }
            }
            for item in part["downwardAPI", "items"]?.arrayValue ?? [] { take(item["path"]?.stringValue, nil) }
            take(part["clusterTrustBundle", "path"]?.stringValue, nil)
            for name in ["credentialBundlePath", "keyPath", "certificateChainPath"] { take(part["podCertificate", name]?.stringValue, nil) }
        }
        return errors
    }

    /// Source: validateProjectionSources, which calls the field by an older name.
    private static func trustBundle(_ source: JSONValue, _ part: String) -> [FieldError] {
        let place = "\(part).clusterTrustBundlePEM"
        let (name, signer) = (source["name"]?.stringValue, source["signerName"]?.stringValue)
        var errors: [FieldError] = []
        switch (name, signer) {
        case (.some, .some): errors.append(.invalid(place, source, "only one of name and signerName may be used"))
        case (let name?, nil):
            if name.isEmpty { errors.append(.required("\(place).name", "must be a valid object name")) }
            if let selector = source["labelSelector"], !selector.isNull {
                errors.append(.invalid("\(place).labelSelector", selector, "labelSelector must be unset if name is specified"))
            }
        case (nil, let signer?):
            if signer.isEmpty { errors.append(.required("\(place).signerName", "must be a valid signer name")) }
            errors += RuleChecks.selector(source["labelSelector"], "\(place).labelSelector")
        case (nil, nil): errors.append(.required(place, "either name or signerName must be specified"))
        }
        return errors + path(source["path"], "\(place).path")
    }

    private static func projected(_ part: JSONValue, _ field: String) -> [FieldError] {
        let given = (part.objectValue ?? JSONObject()).filter { !$0.value.isNull }
        guard let source = given.first else { return [.required(field, "must specify a volume type")] }
        var errors = given.dropFirst().map { FieldError.forbidden("\(field).\($0.key)", "may not specify more than 1 volume type") }
        let place = "\(field).\(source.key)"
        switch source.key {
        case "configMap", "secret":
            if (source.value["name"]?.stringValue ?? "").isEmpty { errors.append(.required("\(place).name")) }
            errors += items(source.value["items"], "\(place).items")
        case "downwardAPI": errors += downward(source.value["items"], "\(place).items")
        case "clusterTrustBundle": errors += trustBundle(source.value, field)
        case "serviceAccountToken":
            if let seconds = source.value["expirationSeconds"]?.integerValue {
                if seconds < 600 {
                    errors.append(.invalid("\(place).expirationSeconds", .integer(seconds), "may not specify a duration less than 10 minutes"))
                } else if seconds > 1 << 32 {
                    errors.append(
                        .invalid("\(place).expirationSeconds", .integer(seconds), "may not specify a duration larger than 2^32 seconds"))
                }
            }
            errors += path(source.value["path"], "\(place).path")
        default: break
        }
        return errors
    }

    private static func items(_ items: JSONValue?, _ field: String) -> [FieldError] {
        (items?.arrayValue ?? []).enumerated().flatMap { index, item -> [FieldError] in
            let place = "\(field)[\(index)]"
            var errors: [FieldError] = (item["key"]?.stringValue ?? "").isEmpty ? [.required("\(place).key")] : []
            errors += path(item["path"], "\(place).path")
            return errors + mode(item["mode"], "\(place).mode")
        }
    }

    private static func downward(_ items: JSONValue?, _ field: String) -> [FieldError] {
        (items?.arrayValue ?? []).enumerated().flatMap { index, item -> [FieldError] in
            let place = "\(field)[\(index)]"
            var errors = path(item["path"], "\(place).path")
            let (shown, amount) = (item["fieldRef"], item["resourceFieldRef"])
            switch (shown.flatMap { $0.isNull ? nil : $0 }, amount.flatMap { $0.isNull ? nil : $0 }) {
            case (let shown?, nil):
                errors += DownwardValidation.field(shown, "\(place).fieldRef", allowed: DownwardValidation.files)
            case (nil, let amount?): errors += DownwardValidation.amount(amount, "\(place).resourceFieldRef", isFile: true)
            case (.some, .some):
                errors.append(.invalid(place, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"))
            case (nil, nil): errors.append(.required(place, "one of fieldRef and resourceFieldRef is required"))
            }
            return errors + mode(item["mode"], "\(place).mode")
        }
    }

    private static func path(_ value: JSONValue?, _ field: String) -> [FieldError] {
        let path = value?.stringValue ?? ""
        if path.isEmpty { return [.required(field)] }
        var errors = descending(path, field)
        if path.hasPrefix(".."), !path.hasPrefix("../") { errors.append(.invalid(field, .string(path), "must not start with '..'")) }
        return errors
    }

    /// What is wrong with a path below a folder.
    static func descending(_ path: String, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        if path.hasPrefix("/") { errors.append(.invalid(field, .string(path), "must be a relative path")) }
        if path.split(separator: "/").contains("..") { errors.append(.invalid(field, .string(path), "must not contain '..'")) }
        return errors
    }

    private static func mode(_ value: JSONValue?, _ field: String) -> [FieldError] {
        guard let mode = value?.integerValue, !(0...0o777).contains(mode) else { return [] }
        return [.invalid(field, .integer(mode), "must be a number between 0 and 0777 (octal), both inclusive")]
    }
}

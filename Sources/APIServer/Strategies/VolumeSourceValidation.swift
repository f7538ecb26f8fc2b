internal import APIMachinery
internal import JSONCore

/// What volumes of storage outside the cluster have to name, in pods and in PersistentVolumes.
/// Source: `pkg/apis/core/validation/validation.go` validateISCSIVolumeSource and its neighbours.
enum VolumeSourceValidation {
    /// The texts and lists that a source cannot do without.
    private static let required: [String: [String]] = [
        "awsElasticBlockStore": ["volumeID"], "azureDisk": ["diskName", "diskURI"], "azureFile": ["secretName", "shareName"],
        "cephfs": ["monitors"], "cinder": ["volumeID"], "flexVolume": ["driver"], "gcePersistentDisk": ["pdName"], "gitRepo": ["repository"],
        "glusterfs": ["endpoints", "path"], "iscsi": ["targetPortal", "iqn"], "local": ["path"], "photonPersistentDisk": ["pdID"],
        "portworxVolume": ["volumeID"], "rbd": ["monitors", "image"], "scaleIO": ["gateway", "system", "volumeName"], "storageos": ["volumeName"],
        "vsphereVolume": ["volumePath"],
    ]

    /// What is wrong with a source of a kind that is known here.
    static func check(_ kind: String, _ source: JSONValue, field: String, isPersistent: Bool = false) -> [FieldError] {
        var errors = (required[kind] ?? []).filter { isEmpty(source[$0]) }.map { FieldError.required("\(field).\($0)") }
        switch kind {
        case "iscsi": errors += iscsi(source, field, isPersistent)
        case "fc": errors += fibreChannel(source, field)
        case "flocker": errors += flocker(source, field)
        case "quobyte": errors += quobyte(source, field)
        case "gcePersistentDisk", "awsElasticBlockStore": errors += number(source["partition"], "\(field).partition")
        case "flexVolume": errors += options(source["options"], "\(field).options")
        case "gitRepo": errors += VolumeFileValidation.descending(source["directory"]?.stringValue ?? "", "\(field).directory")
        case "cinder": errors += secret(source, field, isPersistent ? ["name", "namespace"] : ["name"])
        case "nfs" where isPersistent:
            errors += ["server", "path"].filter { isEmpty(source[$0]) }.map { .required("\(field).\($0)") }
            let path = source["path"]?.stringValue ?? ""
            if !path.hasPrefix("/") { errors.append(.invalid("\(field).path", .string(path), "must be an absolute path")) }
        case "hostPath" where isPersistent: if isEmpty(source["path"]) { errors.append(.required("\(field).path")) }
        default: break
        }
        return errors
    }

    private static func isEmpty(_ value: JSONValue?) -> Bool {
        value?.stringValue.map(\.isEmpty) ?? value?.arrayValue.map(\.isEmpty) ?? true
    }

    private static func number(_ value: JSONValue?, _ field: String) -> [FieldError] {
        guard let number = value?.integerValue, !(0...255).contains(number) else { return [] }
        return [.invalid(field, .integer(number), "must be between 0 and 255, inclusive")]
    }

    private static func secret(_ source: JSONValue, _ field: String, _ parts: [String]) -> [FieldError] {
        guard let secret = source["secretRef"], !secret.isNull else { return [] }
        return parts.filter { isEmpty(secret[$0]) }.map { .required("\(field).secretRef.\($0)") }
    }

    // MARK: Kinds

    private static func iscsi(_ source: JSONValue, _ field: String, _ isPersistent: Bool) -> [FieldError] {
        var errors: [FieldError] = []
        func check(_ name: String, _ place: String) {
            guard let text = source[name]?.stringValue, name != "iqn" || !text.isEmpty else { return }
            let hasKnownStart = ["iqn", "eui", "naa"].contains { text.hasPrefix($0) }
            guard !hasKnownStart || !isInitiator(text) else { return }
            let isPlain = hasKnownStart || isPersistent
            let why = isPlain ? "must be valid format" : "must be valid format starting with iqn, eui, or naa"
            errors.append(.invalid("\(field).\(place)", .string(text), why))
        }
        check("iqn", "iqn")
        errors += number(source["lun"], "\(field).lun")
        let needsSecret = source["chapAuthDiscovery"]?.boolValue ?? false || source["chapAuthSession"]?.boolValue ?? false
        if needsSecret, source["secretRef"]?.isNull ?? true { errors.append(.required("\(field).secretRef")) }
        if isPersistent { errors += secret(source, field, ["name"]) }
        check("initiatorName", "initiatorname")
        return errors
    }

    /// Whether a text is the name of an initiator or target: `iqn.2001-04.com.example:disk`, `eui.` and 16, `naa.` and 32 letters or digits.
    static func isInitiator(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        guard text.hasPrefix("iqn") else {
            let count = text.hasPrefix("eui") ? 16 : 32
            return bytes.count == count + 4 && bytes.dropFirst(4).allSatisfy(isAlphanumeric)
        }
        // iqn.YYYY-MM.authority:name
        guard bytes.count > 13, bytes[3] == 0x2E, bytes[4..<8].allSatisfy(isDigit), bytes[8] == 0x2D, bytes[9..<11].allSatisfy(isDigit),
            bytes[11] == 0x2E, let colon = bytes[12...].firstIndex(of: 0x3A), colon > 12, colon < bytes.count - 1
        else { return false }
        let forbidden = Set(",;*&$| \t\n\r\u{0B}\u{0C}".utf8)
        return bytes[12..<colon].allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }
            && bytes[(colon + 1)...].allSatisfy { !forbidden.contains($0) }
    }

    private static func fibreChannel(_ source: JSONValue, _ field: String) -> [FieldError] {
        let (targets, wwids) = (source["targetWWNs"]?.arrayValue ?? [], source["wwids"]?.arrayValue ?? [])
        var errors: [FieldError] = []
        if targets.isEmpty, wwids.isEmpty {
            errors.append(.required("\(field).targetWWNs", "must specify either targetWWNs or wwids, but not both"))
        }
        if !targets.isEmpty, !wwids.isEmpty {
            errors.append(.invalid("\(field).targetWWNs", .array(targets), "targetWWNs and wwids can not be specified simultaneously"))
        }
        guard !targets.isEmpty else { return errors }
        guard source["lun"]?.integerValue != nil else { return errors + [.required("\(field).lun", "lun is required if targetWWNs is specified")] }
        return errors + number(source["lun"], "\(field).lun")
    }

    private static func flocker(_ source: JSONValue, _ field: String) -> [FieldError] {
        let name = source["datasetName"]?.stringValue ?? ""
        let hasUUID = !isEmpty(source["datasetUUID"])
        var errors: [FieldError] = []
        if name.isEmpty, !hasUUID { errors.append(.required(field, "one of datasetName and datasetUUID is required")) }
        if !name.isEmpty, hasUUID {
            errors.append(.invalid(field, "resource", "datasetName and datasetUUID can not be specified simultaneously"))
        }
        if name.contains("/") { errors.append(.invalid("\(field).datasetName", .string(name), "must not contain '/'")) }
        return errors
    }

    private static func quobyte(_ source: JSONValue, _ field: String) -> [FieldError] {
        let pairs = "must be a host:port pair or multiple pairs separated by commas"
        let registry = source["registry"]?.stringValue ?? ""
        var errors: [FieldError] = []
        if registry.isEmpty {
            errors.append(.required("\(field).registry", pairs))
        } else if (source["tenant"]?.stringValue ?? "").utf8.count >= 65 {
            errors.append(.required("\(field).tenant", "must be a UUID and may not exceed a length of 64 characters"))
        } else if registry.split(separator: ",", omittingEmptySubsequences: false).contains(where: { !isHostAndPort($0) }) {
            errors.append(.invalid("\(field).registry", .string(registry), pairs))
        }
        if isEmpty(source["volume"]) { errors.append(.required("\(field).volume")) }
        return errors
    }

    /// Source: Go's `net` SplitHostPort.
    private static func isHostAndPort(_ text: Substring) -> Bool {
        if text.hasPrefix("[") { return text.contains("]:") && text.filter { $0 == "]" }.count == 1 }
        return text.filter { $0 == ":" }.count == 1
    }

    private static func options(_ value: JSONValue?, _ field: String) -> [FieldError] {
        (value?.objectValue ?? JSONObject()).map(\.key).sorted().compactMap { key in
            let parts = key.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let domain = ".\(String(parts.count == 2 ? parts[0] : key[...]).lowercased())"
            guard domain.hasSuffix(".kubernetes.io") || domain.hasSuffix(".k8s.io") else { return nil }
            return .invalid("\(field)[\(key)]", .string(key), "kubernetes.io and k8s.io namespaces are reserved")
        }
    }
}

internal import APIMachinery
internal import JSONCore

/// Source: `pkg/apis/resource/validation/validation.go`. CEL selectors are stored and not evaluated.
extension KindRules {
    static let resourceClaim = KindRules(
        check: { DeviceRules.claim($0["spec", "devices"] ?? .null, "spec.devices") }, status: ClaimStatusRules.check)
    static let resourceClaimTemplate = KindRules(check: { DeviceRules.claim($0["spec", "spec", "devices"] ?? .null, "spec.spec.devices") })
    static let deviceClass = KindRules(check: { object in
        DeviceRules.selectors(object["spec", "selectors"], "spec.selectors")
            + object.array("spec", "config").enumerated().flatMap { DeviceRules.opaque($1, "spec.config[\($0)]") }
    })
    static let resourceSlice = KindRules(check: DeviceRules.slice)
}

enum DeviceRules {
    private static let oneKind = "exactly one of `exactly` or `firstAvailable` is required"
    private static let reference =
        "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

    // MARK: Claims

    static func claim(_ devices: JSONValue, _ field: String) -> [FieldError] {
        let requests = devices["requests"]?.arrayValue ?? []
        var errors: [FieldError] = []
        var names: Set<String> = []
        var known: Set<String> = []
        for (index, request) in requests.enumerated() {
            let place = "\(field).requests[\(index)]"
            errors += self.request(request, place)
            let name = request["name"]?.stringValue ?? ""
            if !names.insert(name).inserted { errors.append(.duplicate("\(place).name", .string(name))) }
            known.insert(name)
            for sub in request["firstAvailable"]?.arrayValue ?? [] { known.insert("\(name)/\(sub["name"]?.stringValue ?? "")") }
        }
        for (index, constraint) in (devices["constraints"]?.arrayValue ?? []).enumerated() {
            let place = "\(field).constraints[\(index)]"
            errors += references(constraint["requests"], "\(place).requests", known)
            if let name = constraint["matchAttribute"]?.stringValue {
                errors += DeviceAttributeRules.fullName(name, "\(place).matchAttribute")
            } else if let name = constraint["distinctAttribute"]?.stringValue {
                errors += DeviceAttributeRules.fullName(name, "\(place).distinctAttribute")
            } else {
                errors.append(.required("\(place).matchAttribute"))
            }
        }
        for (index, config) in (devices["config"]?.arrayValue ?? []).enumerated() {
            let place = "\(field).config[\(index)]"
            errors += references(config["requests"], "\(place).requests", known) + opaque(config, place)
        }
        return errors
    }

    private static func request(_ request: JSONValue, _ field: String) -> [FieldError] {
        var errors = label(request["name"], "\(field).name")
        let exactly = request["exactly"].flatMap { $0.isNull ? nil : $0 }
        let first = request["firstAvailable"]?.arrayValue ?? []
        switch (exactly, first.isEmpty) {
        case (nil, true): errors.append(.required(field, oneKind))
        case (.some, false): errors.append(.invalid(field, .null, "\(oneKind), but multiple fields are set"))
        default: break
        }
        if let exactly { errors += wanted(exactly, "\(field).exactly") }
        var names: Set<String> = []
        for (index, sub) in first.enumerated() {
            let place = "\(field).firstAvailable[\(index)]"
            errors += label(sub["name"], "\(place).name") + wanted(sub, place)
            let name = sub["name"]?.stringValue ?? ""
            if !names.insert(name).inserted { errors.append(.duplicate("\(place).name", .string(name))) }
        }
        return errors
    }

    private static func wanted(_ value: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        let name = value["deviceClassName"]?.stringValue ?? ""
        if name.isEmpty {
            errors.append(.required("\(field).deviceClassName"))
        } else {
            errors += NameValidation.dnsSubdomain(name).map { .invalid("\(field).deviceClassName", .string(name), $0) }
        }
        errors += selectors(value["selectors"], "\(field).selectors")
        let count = value["count"]?.integerValue ?? 0
        switch value["allocationMode"]?.stringValue {
        case "All" where count != 0:
            errors.append(.invalid("\(field).count", .integer(count), "must not be specified when allocationMode is 'All'"))
        case "ExactCount" where count <= 0: errors.append(.invalid("\(field).count", .integer(count), "must be greater than zero"))
        default: break
        }
        return errors
    }

    static func selectors(_ value: JSONValue?, _ field: String) -> [FieldError] {
        (value?.arrayValue ?? []).enumerated().compactMap { index, selector in
            selector["cel"]?.isNull ?? true ? .required("\(field)[\(index)].cel") : nil
        }
    }

    /// The names of a claim's requests, and of the alternatives in them.
    static func requests(_ devices: JSONValue) -> Set<String> {
        var names: Set<String> = []
        for request in devices["requests"]?.arrayValue ?? [] {
            let name = request["name"]?.stringValue ?? ""
            names.insert(name)
            for sub in request["firstAvailable"]?.arrayValue ?? [] { names.insert("\(name)/\(sub["name"]?.stringValue ?? "")") }
        }
        return names
    }

    static func reference(_ name: String, _ field: String, _ known: Set<String>) -> [FieldError] {
        known.contains(name) ? [] : [.invalid(field, .string(name), reference)]
    }

    static func references(_ value: JSONValue?, _ field: String, _ known: Set<String>) -> [FieldError] {
        var seen: Set<String> = []
        return (value?.arrayValue ?? []).compactMap(\.stringValue).enumerated().flatMap { index, name -> [FieldError] in
            let place = "\(field)[\(index)]"
            var errors: [FieldError] = known.contains(name) ? [] : [.invalid(place, .string(name), reference)]
            if !seen.insert(name).inserted { errors.append(.duplicate(place, .string(name))) }
            return errors
        }
    }

    static func opaque(_ config: JSONValue, _ field: String) -> [FieldError] {
        guard let opaque = config["opaque"], !opaque.isNull else { return [.required("\(field).opaque")] }
        return driver(opaque["driver"], "\(field).opaque.driver")
            + ((opaque["parameters"]?.isNull ?? true) ? [.required("\(field).opaque.parameters")] : [])
    }

    /// The name of a driver, as storage has them. Source: ValidateCSIDriverName.
    static func driver(_ value: JSONValue?, _ field: String) -> [FieldError] {
        let name = value?.stringValue ?? ""
        if name.isEmpty { return [.required(field)] }
        var errors: [FieldError] = name.utf8.count > 63 ? [.tooLong(field, maximum: 63)] : []
        errors += NameValidation.dnsSubdomain(name.lowercased()).map { .invalid(field, .string(name), $0) }
        return errors
    }

    static func label(_ value: JSONValue?, _ field: String) -> [FieldError] {
        let name = value?.stringValue ?? ""
        return NameValidation.dnsLabel(name).map { .invalid(field, .string(name), $0) }
    }

    // MARK: Slices

    static let slice: @Sendable (KubeObject) -> [FieldError] = { object in
        let spec = object["spec"] ?? .null
        var errors = driver(spec["driver"], "spec.driver") + pool(spec["pool"]?["name"]?.stringValue ?? "", "spec.pool.name")
        let (slices, generation) = (spec["pool", "resourceSliceCount"]?.integerValue ?? 0, spec["pool", "generation"]?.integerValue ?? 0)
        if slices <= 0 { errors.append(.invalid("spec.pool.resourceSliceCount", .integer(slices), "must be greater than zero")) }
        if generation < 0 { errors.append(.invalid("spec.pool.generation", .integer(generation), "must be greater than or equal to zero")) }
        if spec["nodeName"]?.stringValue == "" {
            errors.append(.invalid("spec.nodeName", "", "must be either unset or set to a non-empty string"))
        }
        for name in ["allNodes", "perDeviceNodeSelection"] where spec[name]?.boolValue == false {
            errors.append(.invalid("spec.\(name)", false, "must be either unset or set to true"))
        }
        if let terms = spec["nodeSelector", "nodeSelectorTerms"]?.arrayValue, terms.count != 1 {
            errors.append(.invalid("spec.nodeSelector.nodeSelectorTerms", .array(terms), "must have exactly one node selector term"))
        }
        let places = ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"]
        let given = places.filter { name in
            guard let value = spec[name], !value.isNull else { return false }
            return value.boolValue ?? value.stringValue.map { !$0.isEmpty } ?? true
        }
        let words = "exactly one of \(places.map { "`\($0)`" }.joined(separator: ", ")) is required"
        if given.isEmpty { errors.append(.required("spec", words)) }
        if given.count > 1 {
            let list = "{\(given.map { "`\($0)`" }.joined(separator: ", "))}"
            errors.append(.invalid("spec", .string(list), "\(words), but multiple fields are set"))
        }
        var names: Set<String> = []
        for (index, device) in (spec["devices"]?.arrayValue ?? []).enumerated() {
            let place = "spec.devices[\(index)]"
            let name = device["name"]?.stringValue ?? ""
            if !names.insert(name).inserted { errors.append(.duplicate("\(place).name", .string(name))) }
            errors += DeviceRules.device(device, place)
        }
        return errors
    }

    static func pool(_ name: String, _ field: String) -> [FieldError] {
        if name.isEmpty { return [.required(field)] }
        var errors: [FieldError] = name.utf8.count > 253 ? [.tooLong(field, maximum: 253)] : []
        for part in name.split(separator: "/", omittingEmptySubsequences: false).map(String.init) {
            errors += NameValidation.dnsSubdomain(part).map { .invalid(field, .string(part), $0) }
        }
        return errors
    }

    private static func device(_ device: JSONValue, _ field: String) -> [FieldError] {
        let attributes = device["attributes"]?.objectValue ?? JSONObject()
        let count = attributes.count + (device["capacity"]?.objectValue?.count ?? 0)
        var errors: [FieldError] = []
        if count > 32 { errors.append(.invalid(field, .integer(Int64(count)), "the total number of attributes and capacities must not exceed 32")) }
        errors += label(device["name"], "\(field).name")
        for member in attributes.sorted(by: { $0.key < $1.key }) {
            let place = "\(field).attributes[\(member.key)]"
            errors += DeviceAttributeRules.name(member.key, place) + DeviceAttributeRules.value(member.value, place)
        }
        for name in (device["capacity"]?.objectValue ?? JSONObject()).map(\.key).sorted() {
            errors += DeviceAttributeRules.name(name, "\(field).capacity[\(name)]")
        }
        return errors
    }
}

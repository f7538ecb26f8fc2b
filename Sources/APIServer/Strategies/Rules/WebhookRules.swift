internal import APIMachinery
internal import JSONCore

/// Source: `pkg/apis/admissionregistration/validation/validation.go`.
extension KindRules {
    static let webhooks = KindRules(check: { object in
        var errors: [FieldError] = []
        var names: Set<String> = []
        for (index, hook) in object.array("webhooks").enumerated() {
            let field = "webhooks[\(index)]"
            let name = hook["name"]?.stringValue ?? ""
            if !name.isEmpty {
                if name.split(separator: ".", omittingEmptySubsequences: false).count < 3 {
                    errors.append(
                        .invalid("\(field).name", .string(name), "should be a domain with at least three segments separated by dots"))
                }
                if !names.insert(name).inserted { errors.append(.duplicate("\(field).name", .string(name))) }
            }
            errors += WebhookRules.client(hook["clientConfig"] ?? .null, "\(field).clientConfig")
            if let seconds = hook["timeoutSeconds"]?.integerValue, !(1...30).contains(seconds) {
                errors.append(
                    .invalid("\(field).timeoutSeconds", .integer(seconds), "the timeout value must be between 1 and 30 seconds"))
            }
            let versions = (hook["admissionReviewVersions"]?.arrayValue ?? []).compactMap(\.stringValue)
            if !versions.isEmpty, !versions.contains("v1"), !versions.contains("v1beta1") {
                let why = "must include at least one of v1, v1beta1"
                errors.append(.invalid("\(field).admissionReviewVersions", .array(versions.map { .string($0) }), why))
            }
            errors += RuleChecks.selector(hook["namespaceSelector"], "\(field).namespaceSelector")
            errors += RuleChecks.selector(hook["objectSelector"], "\(field).objectSelector")
            for (place, rule) in (hook["rules"]?.arrayValue ?? []).enumerated() {
                errors += WebhookRules.rule(rule, "\(field).rules[\(place)]")
            }
        }
        return errors
    })
}

enum WebhookRules {
    static func client(_ config: JSONValue, _ field: String) -> [FieldError] {
        let url = config["url"]?.stringValue
        let service = config["service"].flatMap { $0.isNull ? nil : $0 }
        guard (url == nil) != (service == nil) else {
            return [.required(field, "exactly one of url or service is required")]
        }
        if let url {
            let form = "must be specified as https://server/path"
            guard url.hasPrefix("https://") else {
                return [.invalid("\(field).url", .string(url), "'https' is the only allowed URL scheme; desired format: https://host[/path]")]
            }
            let rest = url.dropFirst(8)
            if rest.isEmpty || rest.hasPrefix("/") { return [.invalid("\(field).url", .string(url), "host must be specified; \(form)")] }
            if rest.prefix(while: { $0 != "/" }).contains("@") {
                return [.invalid("\(field).url", .string(url), "user information is not permitted in the URL")]
            }
            if url.contains("#") { return [.invalid("\(field).url", .string(url), "fragments are not permitted in the URL")] }
            if url.contains("?") { return [.invalid("\(field).url", .string(url), "query parameters are not permitted in the URL")] }
            return []
        }
        if let port = service?["port"]?.integerValue, !ValueValidation.portNumber(port).isEmpty {
            return [.invalid("\(field).service.port", .integer(port), "port is not valid: must be between 1 and 65535, inclusive")]
        }
        if let path = service?["path"]?.stringValue, !path.isEmpty, !path.hasPrefix("/") {
            return [.invalid("\(field).service.path", .string(path), "must start with a '/'")]
        }
        return []
    }

    static func rule(_ rule: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        for name in ["operations", "apiGroups", "apiVersions", "resources"] {
            let values = (rule[name]?.arrayValue ?? []).compactMap(\.stringValue)
            if values.isEmpty { errors.append(.required("\(field).\(name)")) }
            guard name != "resources", values.contains("*"), values.count > 1 else { continue }
            errors.append(
                .invalid(
                    "\(field).\(name)", .array(values.map { .string($0) }),
                    "if '*' is present, must not specify other \(name == "operations" ? "operations" : name == "apiGroups" ? "API groups" : "API versions")"))
        }
        return errors
    }
}

internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// The query parameters of writes. Source: meta/v1 CreateOptions, UpdateOptions, PatchOptions.
struct WriteOptions: Sendable {
    var isDryRun = false
    var validation: FieldValidation = .warn
    /// Whether an apply takes over fields that others own.
    var isForced = false

    init() {}

    /// Throws for values Kubernetes does not know; `kind` names the options object in the message, `isApply` is about patches.
    /// Source: apimachinery `pkg/apis/meta/v1/validation/validation.go`.
    init(_ request: APIRequest, kind: String, isApply: Bool = false) throws(APIStatus) {
        var errors: [FieldError] = []
        let manager = request.queryValue("fieldManager") ?? ""
        if isApply {
            isForced = request.queryFlag("force")
            if manager.isEmpty { errors.append(.required("fieldManager", "is required for apply patch")) }
        } else if kind == "PatchOptions", request.queryValue("force") != nil {
            errors.append(.forbidden("force", "may not be specified for non-apply patch"))
        }
        if manager.utf8.count > 128 { errors.append(.tooLong("fieldManager", maximum: 128)) }
        if let scalar = manager.unicodeScalars.first(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            let code = String(scalar.value, radix: 16, uppercase: true)
            let shown = "U+\(String(repeating: "0", count: max(0, 4 - code.utf8.count)))\(code)"
            errors.append(.invalid("fieldManager", .string(manager), "invalid character \(shown)"))
        }
        for value in request.queryValues("dryRun") where !value.isEmpty {
            if value == "All" { isDryRun = true } else { errors.append(.notSupported("dryRun", .string(value), ["All"])) }
        }
        switch request.queryValue("fieldValidation") {
        case nil, "", "Warn": validation = .warn
        case "Strict": validation = .strict
        case "Ignore": validation = .ignore
        case .some(let other):
            errors.append(.notSupported("fieldValidation", .string(other), ["Ignore", "Strict", "Warn"]))
        }
        guard errors.isEmpty else {
            throw .invalid(kind: GroupKind(group: "meta.k8s.io", kind: kind), name: "", errors)
        }
    }
}

/// The query parameters of list and watch. Source: meta/v1 ListOptions.
struct ListOptions: Sendable {
    var labels = LabelSelector.everything
    var fields = FieldSelector.everything
    var limit: Int?
    var continueToken: String?
    var resourceVersion = ""
    var match: String?
    var timeoutSeconds: Int64?
    var allowsBookmarks = false
    var sendsInitialEvents: Bool?

    /// Source of the rules: apimachinery `internalversion/validation/validation.go`.
    init(_ request: APIRequest, isWatch: Bool) throws(APIStatus) {
        if let text = request.queryValue("labelSelector") { labels = try LabelSelector(parsing: text) }
        if let text = request.queryValue("fieldSelector") { fields = try FieldSelector(parsing: text) }
        resourceVersion = request.queryValue("resourceVersion") ?? ""
        match = request.queryValue("resourceVersionMatch").flatMap { $0.isEmpty ? nil : $0 }
        continueToken = request.queryValue("continue").flatMap { $0.isEmpty ? nil : $0 }
        limit = try Self.integer(request, "limit").flatMap { $0 > 0 ? Int(exactly: $0) : nil }
        timeoutSeconds = try Self.integer(request, "timeoutSeconds")
        allowsBookmarks = request.queryFlag("allowWatchBookmarks")
        if let text = request.queryValue("sendInitialEvents"), !text.isEmpty { sendsInitialEvents = text != "false" && text != "0" }
        try validate(isWatch: isWatch)
    }

    private static func integer(_ request: APIRequest, _ name: String) throws(APIStatus) -> Int64? {
        guard let text = request.queryValue(name), !text.isEmpty else { return nil }
        guard let number = Int64(text) else {
            throw .badRequest("unable to decode query parameter \"\(name)\": \"\(text)\" is not an integer")
        }
        return number
    }

    private func validate(isWatch: Bool) throws(APIStatus) {
        var errors: [FieldError] = []
        let field = "resourceVersionMatch"
        if isWatch {
            if sendsInitialEvents != nil, match != "NotOlderThan" {
                errors.append(.forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
            }
            if let match {
                if sendsInitialEvents == nil {
                    errors.append(.forbidden(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
                }
                if match != "NotOlderThan" { errors.append(.notSupported(field, .string(match), ["NotOlderThan"])) }
                if continueToken != nil { errors.append(.forbidden(field, "resourceVersionMatch is forbidden when continue is provided")) }
            }
        } else {
            if sendsInitialEvents != nil {
                errors.append(.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
            }
            if let match {
                if resourceVersion.isEmpty {
                    errors.append(.forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
                }
                if continueToken != nil {
                    errors.append(.forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
                }
                if match != "Exact", match != "NotOlderThan" {
                    errors.append(.notSupported(field, .string(match), ["Exact", "NotOlderThan", ""]))
                }
                if match == "Exact", resourceVersion == "0" {
                    errors.append(.forbidden(field, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""))
                }
            }
        }
        guard errors.isEmpty else {
            throw .invalid(kind: GroupKind(group: "meta.k8s.io", kind: "ListOptions"), name: "", errors)
        }
    }

    /// The revision asked for; nil when none is. Throws for text that is no number.
    func revision() throws(APIStatus) -> Int64? { try Self.revision(resourceVersion, kind: "ListOptions") }

    /// The revision that a text names; nil for an empty one. `kind` names the options in the message.
    static func revision(_ text: String, kind: String) throws(APIStatus) -> Int64? {
        guard !text.isEmpty else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw .invalid(
                kind: GroupKind(group: "meta.k8s.io", kind: kind), name: "",
                [.invalid("resourceVersion", .string(text), "strconv.ParseUint: parsing \"\(text)\": invalid syntax")])
        }
        return number
    }
}

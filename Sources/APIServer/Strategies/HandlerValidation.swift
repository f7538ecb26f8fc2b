internal import APIMachinery
internal import JSONCore

/// What probes and lifecycle hooks do. Source: `pkg/apis/core/validation/validation.go` validateHandler.
enum HandlerValidation {
    private static let kinds = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"]

    /// What is wrong with a probe or a hook: exactly one way, described well enough.
    static func handler(_ handler: JSONValue, field: String, gracePeriod: Int64?) -> [FieldError] {
        var errors: [FieldError] = []
        let given = kinds.filter { !(handler[$0]?.isNull ?? true) }
        guard let kind = given.first, let action = handler[kind] else { return [.required(field, "must specify a handler type")] }
        for extra in given.dropFirst() { errors.append(.forbidden("\(field).\(extra)", "may not specify more than 1 handler type")) }
        let place = "\(field).\(kind)"
        switch kind {
        case "exec": if action["command"]?.arrayValue?.isEmpty ?? true { errors.append(.required("\(place).command")) }
        case "httpGet":
            if (action["path"]?.stringValue ?? "").isEmpty { errors.append(.required("\(place).path")) }
            errors += port(action["port"], "\(place).port")
            for (index, header) in (action["httpHeaders"]?.arrayValue ?? []).enumerated() {
                let name = header["name"]?.stringValue ?? ""
                guard !isHeaderName(name) else { continue }
                let why =
                    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"
                errors.append(.invalid("\(place).httpHeaders[\(index)].name", .string(name), why))
            }
        case "tcpSocket": errors += port(action["port"], "\(place).port")
        case "grpc":
            let number = action["port"]?.integerValue ?? 0
            for why in ValueValidation.portNumber(number) { errors.append(.invalid("\(place).port", .integer(number), why)) }
        default:
            let seconds = action["seconds"]?.integerValue ?? 0
            if let gracePeriod, seconds < 0 || seconds > gracePeriod {
                let why = "must be non-negative and less than terminationGracePeriodSeconds (\(gracePeriod))"
                errors.append(.invalid(place, .integer(seconds), why))
            }
        }
        return errors
    }

    /// What is wrong with the hooks of a container.
    static func lifecycle(_ lifecycle: JSONValue?, field: String, gracePeriod: Int64) -> [FieldError] {
        guard let lifecycle, !lifecycle.isNull else { return [] }
        return ["postStart", "preStop"].flatMap { name -> [FieldError] in
            guard let hook = lifecycle[name], !hook.isNull else { return [] }
            return handler(hook, field: "\(field).\(name)", gracePeriod: gracePeriod)
        }
    }

    /// A port by number or name.
    private static func port(_ value: JSONValue?, _ field: String) -> [FieldError] {
        if let name = value?.stringValue { return ValueValidation.portName(name).map { .invalid(field, .string(name), $0) } }
        let number = value?.integerValue ?? 0
        return ValueValidation.portNumber(number).map { .invalid(field, .integer(number), $0) }
    }

    private static func isHeaderName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { NameValidation.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
}

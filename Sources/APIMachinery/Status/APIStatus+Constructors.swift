internal import JSONCore

// Texts, reasons and codes follow apimachinery `pkg/api/errors/errors.go`.
extension APIStatus {
    /// 404 `pods "x" not found`.
    package static func notFound(_ resource: GroupResource, _ name: String) -> APIStatus {
        APIStatus(
            code: 404, reason: .notFound, message: "\(resource) \(name.goQuoted) not found",
            details: Details(name: name, group: resource.group, kind: resource.resource))
    }

    /// 404 for a path that serves nothing.
    package static var unknownPath: APIStatus {
        APIStatus(code: 404, reason: .notFound, message: "the server could not find the requested resource", details: Details())
    }

    /// 409 `deployments.apps "x" already exists`.
    package static func alreadyExists(_ resource: GroupResource, _ name: String) -> APIStatus {
        APIStatus(
            code: 409, reason: .alreadyExists, message: "\(resource) \(name.goQuoted) already exists",
            details: Details(name: name, group: resource.group, kind: resource.resource))
    }

    /// 409 after every generated name was taken.
    package static func generateNameConflict(_ resource: GroupResource, _ name: String, retryAfterSeconds: Int = 1) -> APIStatus {
        let why = "already exists, the server was not able to generate a unique name for the object"
        return APIStatus(
            code: 409, reason: .alreadyExists, message: "\(resource) \(name.goQuoted) \(why)",
            details: Details(
                name: name, group: resource.group, kind: resource.resource, retryAfterSeconds: retryAfterSeconds))
    }

    /// The explanation of a conflict on resourceVersion.
    package static let optimisticLockText =
        "the object has been modified; please apply your changes to the latest version and try again"

    /// 409 `Operation cannot be fulfilled on pods "x": why`.
    package static func conflict(
        _ resource: GroupResource, _ name: String, _ why: String = optimisticLockText
    ) -> APIStatus {
        APIStatus(
            code: 409, reason: .conflict, message: "Operation cannot be fulfilled on \(resource) \(name.goQuoted): \(why)",
            details: Details(name: name, group: resource.group, kind: resource.resource))
    }

    /// 422 `Deployment.apps "x" is invalid: …`, one cause for each field.
    package static func invalid(kind: GroupKind, name: String, _ errors: [FieldError]) -> APIStatus {
        var seen: Set<String> = []
        let texts = errors.map(\.description).filter { seen.insert($0).inserted }
        var message = "\(kind) \(name.goQuoted) is invalid"
        if texts.count == 1 { message += ": \(texts[0])" }
        if texts.count > 1 { message += ": [\(texts.joined(separator: ", "))]" }
        let causes = errors.map { Cause(reason: $0.kind.rawValue, message: $0.body, field: $0.field) }
        return APIStatus(
            code: 422, reason: .invalid, message: message,
            details: Details(name: name, group: kind.group, kind: kind.kind, causes: causes))
    }

    /// 403 `pods "x" is forbidden: why`; without a name `pods is forbidden: why`.
    package static func forbidden(_ resource: GroupResource, _ name: String = "", _ why: String) -> APIStatus {
        let message =
            if resource.group.isEmpty && resource.resource.isEmpty {
                "forbidden: \(why)"
            } else if name.isEmpty {
                "\(resource) is forbidden: \(why)"
            } else {
                "\(resource) \(name.goQuoted) is forbidden: \(why)"
            }
        return APIStatus(
            code: 403, reason: .forbidden, message: message,
            details: Details(name: name, group: resource.group, kind: resource.resource))
    }

    /// 400 with the message as given.
    package static func badRequest(_ message: String) -> APIStatus {
        APIStatus(code: 400, reason: .badRequest, message: message)
    }

    /// 401 `Unauthorized`.
    package static func unauthorized(_ message: String = "Unauthorized") -> APIStatus {
        APIStatus(code: 401, reason: .unauthorized, message: message)
    }

    /// 405 `delete is not supported on resources of kind "pods"`.
    package static func methodNotAllowed(_ resource: GroupResource, _ action: String) -> APIStatus {
        APIStatus(
            code: 405, reason: .methodNotAllowed,
            message: "\(action) is not supported on resources of kind \(resource.description.goQuoted)",
            details: Details(group: resource.group, kind: resource.resource))
    }

    /// 405 for a resource or path that has no such verb at all, as the Kubernetes router answers.
    package static var methodNotAllowed: APIStatus {
        APIStatus(
            code: 405, reason: .methodNotAllowed, message: "the server does not allow this method on the requested resource",
            details: Details())
    }

    /// 406 `only the following media types are accepted: …`.
    package static func notAcceptable(_ accepted: [String]) -> APIStatus {
        notAcceptable("only the following media types are accepted: \(accepted.joined(separator: ", "))")
    }

    /// 406 of a form that the answer does not have.
    package static func notAcceptable(_ message: String) -> APIStatus {
        APIStatus(code: 406, reason: .notAcceptable, message: message)
    }

    /// 415 `the body of the request was in an unknown format - …`.
    package static func unsupportedMediaType(_ accepted: [String]) -> APIStatus {
        let list = accepted.joined(separator: ", ")
        return APIStatus(
            code: 415, reason: .unsupportedMediaType,
            message: "the body of the request was in an unknown format - accepted media types include: \(list)")
    }

    /// 413 `Request entity too large: why`.
    package static func tooLarge(_ why: String) -> APIStatus {
        APIStatus(code: 413, reason: .requestEntityTooLarge, message: "Request entity too large: \(why)")
    }

    /// 410 Gone with the message as given.
    package static func gone(_ message: String) -> APIStatus {
        APIStatus(code: 410, reason: .gone, message: message)
    }

    /// 410 Expired: a revision or a continue token is too old.
    package static func expired(_ message: String) -> APIStatus {
        APIStatus(code: 410, reason: .expired, message: message)
    }

    /// 429 with the seconds after which to come back.
    package static func tooManyRequests(_ message: String, retryAfterSeconds: Int = 1) -> APIStatus {
        APIStatus(
            code: 429, reason: .tooManyRequests, message: message, details: Details(retryAfterSeconds: retryAfterSeconds))
    }

    /// 500 `Internal error occurred: why`.
    package static func internalError(_ why: String) -> APIStatus {
        APIStatus(
            code: 500, reason: .internalError, message: "Internal error occurred: \(why)",
            details: Details(causes: [Cause(message: why)]))
    }

    /// 503 with the message as given.
    package static func serviceUnavailable(_ message: String) -> APIStatus {
        APIStatus(code: 503, reason: .serviceUnavailable, message: message)
    }

    /// 504 `Timeout: why`.
    package static func timeout(_ why: String, retryAfterSeconds: Int = 0) -> APIStatus {
        APIStatus(
            code: 504, reason: .timeout, message: "Timeout: \(why)", details: Details(retryAfterSeconds: retryAfterSeconds))
    }

    /// 500 ServerTimeout: the operation is worth repeating.
    package static func serverTimeout(_ resource: GroupResource, _ operation: String, retryAfterSeconds: Int = 0) -> APIStatus {
        APIStatus(
            code: 500, reason: .serverTimeout,
            message: "The \(operation) operation against \(resource) could not be completed at this time, please try again.",
            details: Details(
                name: operation, group: resource.group, kind: resource.resource, retryAfterSeconds: retryAfterSeconds))
    }

    /// 504 for a revision that this server has not reached yet.
    package static func futureResourceVersion(_ wanted: Int64, current: Int64) -> APIStatus {
        var status = timeout("Too large resource version: \(wanted), current: \(current)", retryAfterSeconds: 1)
        status.details?.causes = [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")]
        return status
    }

    /// The answer to a deletion that left no object to return.
    package static func success(_ resource: GroupResource, name: String, uid: String) -> APIStatus {
        APIStatus(
            code: 0, reason: nil, message: "",
            details: Details(name: name, group: resource.group, kind: resource.resource, uid: uid), isFailure: false)
    }
}

/// The one error of the API path; renders as `metav1.Status`.
package struct APIStatus: Error, Sendable, Hashable, CustomStringConvertible {
    /// A machine-readable cause of a failure. An open set: reasons of other servers are kept as they are.
    package struct Reason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The word on the wire.
        package let rawValue: String
        /// A reason from its word on the wire.
        package init(rawValue: String) { self.rawValue = rawValue }
        /// The word on the wire.
        package var description: String { rawValue }
    }

    /// One of several causes of a failure, for example one invalid field.
    package struct Cause: Sendable, Hashable {
        /// A machine-readable word, for example `FieldValueRequired`; empty when unknown.
        package var reason: String
        /// What went wrong, for people.
        package var message: String
        /// The field it is about; empty when none.
        package var field: String

        /// A cause from its parts.
        package init(reason: String = "", message: String, field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// What the failure is about.
    package struct Details: Sendable, Hashable {
        /// The object's name; empty when unknown.
        package var name: String
        /// The API group; empty for core.
        package var group: String
        /// The plural resource name, or the Kind for `Invalid`.
        package var kind: String
        /// The object's uid; empty when unknown.
        package var uid: String
        /// The single causes.
        package var causes: [Cause]
        /// After how many seconds a retry may help; 0 when the server does not say.
        package var retryAfterSeconds: Int

        /// Details from their parts.
        package init(
            name: String = "", group: String = "", kind: String = "", uid: String = "", causes: [Cause] = [],
            retryAfterSeconds: Int = 0
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.uid = uid
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// The HTTP status code.
    package var code: Int
    /// The machine-readable reason; nil when there is none.
    package var reason: Reason?
    /// What failed, for people.
    package var message: String
    /// What it is about; nil when there is nothing to say.
    package var details: Details?
    /// False only for the `Success` status that deletions and exec sessions answer with.
    package var isFailure: Bool
    /// `metadata.continue` of an expired list, which lets a client go on inconsistently; nil otherwise.
    package var continueToken: String?

    /// A status from its parts.
    package init(code: Int, reason: Reason?, message: String, details: Details? = nil, isFailure: Bool = true) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.isFailure = isFailure
        self.continueToken = nil
    }

    /// The message, for logs and screens.
    package var description: String { message }
}

extension APIStatus.Reason {
    /// 400: the request itself is malformed.
    package static let badRequest = APIStatus.Reason(rawValue: "BadRequest")
    /// 401: the client did not say who it is.
    package static let unauthorized = APIStatus.Reason(rawValue: "Unauthorized")
    /// 403: the client may not do this.
    package static let forbidden = APIStatus.Reason(rawValue: "Forbidden")
    /// 404: there is no such object or resource.
    package static let notFound = APIStatus.Reason(rawValue: "NotFound")
    /// 405: the resource does not support this verb.
    package static let methodNotAllowed = APIStatus.Reason(rawValue: "MethodNotAllowed")
    /// 406: none of the accepted media types can be served.
    package static let notAcceptable = APIStatus.Reason(rawValue: "NotAcceptable")
    /// 409: an object of that name exists.
    package static let alreadyExists = APIStatus.Reason(rawValue: "AlreadyExists")
    /// 409: the object changed since it was read, or a precondition failed.
    package static let conflict = APIStatus.Reason(rawValue: "Conflict")
    /// 410: the revision is too old.
    package static let expired = APIStatus.Reason(rawValue: "Expired")
    /// 410: the thing existed and never will again.
    package static let gone = APIStatus.Reason(rawValue: "Gone")
    /// 413: the body is larger than the server reads.
    package static let requestEntityTooLarge = APIStatus.Reason(rawValue: "RequestEntityTooLarge")
    /// 415: the body's media type is unknown.
    package static let unsupportedMediaType = APIStatus.Reason(rawValue: "UnsupportedMediaType")
    /// 422: fields of the object are wrong.
    package static let invalid = APIStatus.Reason(rawValue: "Invalid")
    /// 429: come back later.
    package static let tooManyRequests = APIStatus.Reason(rawValue: "TooManyRequests")
    /// 500: the server failed.
    package static let internalError = APIStatus.Reason(rawValue: "InternalError")
    /// 503: the server is not able to answer now.
    package static let serviceUnavailable = APIStatus.Reason(rawValue: "ServiceUnavailable")
    /// 504: the server did not finish in time.
    package static let timeout = APIStatus.Reason(rawValue: "Timeout")
    /// 500: the server did not finish in time; retrying is right.
    package static let serverTimeout = APIStatus.Reason(rawValue: "ServerTimeout")
    /// No reason is known.
    package static let unknown = APIStatus.Reason(rawValue: "")
}

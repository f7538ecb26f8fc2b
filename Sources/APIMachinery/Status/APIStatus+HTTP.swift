internal import JSONCore

extension APIStatus {
    /// The status a client makes of an answer that carries none, for example from a proxy in between.
    /// Source: apimachinery `NewGenericServerResponse`.
    package static func fromResponse(
        code: Int, method: String, resource: GroupResource?, name: String = "", body: String = "", retryAfterSeconds: Int = 0
    ) -> APIStatus {
        var (reason, message): (Reason, String) =
            switch code {
            case 400: (.badRequest, "the server rejected our request for an unknown reason")
            case 401: (.unauthorized, "the server has asked for the client to provide credentials")
            case 403: (.forbidden, body.isEmpty ? "the server does not allow access to the requested resource" : body)
            case 404: (.notFound, "the server could not find the requested resource")
            case 405: (.methodNotAllowed, "the server does not allow this method on the requested resource")
            case 406:
                (.notAcceptable, "the server was unable to respond with a content type that the client supports")
            case 409: (method == "POST" ? .alreadyExists : .conflict, "the server reported a conflict")
            case 410: (.gone, "the requested resource is no longer available")
            case 413: (.requestEntityTooLarge, "the request is larger than the server accepts")
            case 415:
                (.unsupportedMediaType, "the server was unable to respond with a content type that the client supports")
            case 422: (.invalid, "the server rejected our request due to an error in our request")
            case 429:
                (.tooManyRequests, "the server has received too many requests and has asked us to try again later")
            case 503: (.serviceUnavailable, "the server is currently unable to handle the request")
            case 504:
                (.timeout, "the server was unable to return a response in the time allotted, but may still be processing the request")
            case 500...:
                (.internalError, "an error on the server (\(body.goQuoted)) has prevented the request from succeeding")
            default: (.unknown, "the server responded with the status code \(code) but did not return more information")
            }
        if let resource, !resource.resource.isEmpty {
            let target = name.isEmpty ? "\(resource)" : "\(resource) \(name)"
            message += " (\(method.lowercased()) \(target))"
        }
        return APIStatus(
            code: code, reason: reason, message: message,
            details: Details(
                name: name, group: resource?.group ?? "", kind: resource?.resource ?? "",
                causes: body.isEmpty ? [] : [Cause(reason: "UnexpectedServerResponse", message: body)],
                retryAfterSeconds: retryAfterSeconds))
    }
}

internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// Responses made of values.
enum ResponseMaking {
    /// A `metav1.Status` with its code, and `Retry-After` where it asks for one.
    static func status(_ status: APIStatus, warnings: [String] = []) -> APIResponse {
        var headers = WarningHeader.fields(warnings)
        if let seconds = status.details?.retryAfterSeconds, seconds > 0 { headers.append(("retry-after", String(seconds))) }
        return APIResponse(
            status: status.isFailure ? status.code : (status.code == 0 ? 200 : status.code), headers: headers,
            body: .bytes(JSON.encode(status.value)))
    }

    /// A JSON value.
    static func json(_ value: JSONValue, status: Int = 200, headers: [(String, String)] = []) -> APIResponse {
        APIResponse(status: status, headers: headers, body: .bytes(JSON.encode(value)))
    }

    /// What to say about a request that is none.
    static func failure(_ failure: HTTPParseFailure) -> APIResponse {
        status(APIStatus(code: failure.status, reason: failure.status == 400 ? .badRequest : nil, message: failure.message))
    }

    /// Plain text.
    static func text(_ text: String, status: Int = 200) -> APIResponse {
        APIResponse(
            status: status, contentType: "text/plain; charset=utf-8", headers: [("x-content-type-options", "nosniff")],
            body: .bytes(Array(text.utf8)))
    }
}

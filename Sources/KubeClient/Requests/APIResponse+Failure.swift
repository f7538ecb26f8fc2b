package import APIMachinery
import JSONCore

extension APIResponse {
    /// The refusal this response carries; nil when the status says success. Reads at most 64 KiB of a streamed body.
    package func failure(method: String = "GET") async throws(APIStatus) -> APIStatus? {
        guard status >= 400 || status == 0 else { return nil }
        let bytes: [UInt8]
        switch body {
        case .bytes(let whole): bytes = whole
        case .stream(let source): bytes = try await source.collect(limit: 64 << 10)
        }
        return Self.failure(status: status, body: bytes, method: method, retryAfter: header("retry-after"))
    }

    /// The refusal a response of this status and body stands for: its metav1.Status, or for a body of another kind a status made
    /// of the code, the method and the first line of the text.
    package static func failure(status: Int, body: [UInt8], method: String = "GET", retryAfter: String? = nil) -> APIStatus {
        // best effort: a body that is no JSON is shown as text below.
        if let value = try? JSON.parse(body), value["kind"]?.stringValue == "Status", var parsed = APIStatus(value: value) {
            if parsed.code == 0 { parsed.code = status }
            return parsed
        }
        let text = String(decoding: body.prefix { $0 != 0x0A && $0 != 0x0D }.prefix(300), as: UTF8.self)
        return APIStatus.fromResponse(
            code: status, method: method, resource: nil, body: text, retryAfterSeconds: retryAfter.flatMap { Int($0) } ?? 0)
    }
}

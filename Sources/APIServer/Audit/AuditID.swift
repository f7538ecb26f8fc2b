internal import KubeClient

/// What a request is called in the audit log and in the `Audit-ID` of its answer. Source: apiserver `pkg/endpoints/filters/audit_init.go`.
enum AuditID {
    /// The longest that is taken from a client.
    static let longest = 256

    /// The name that a client gives its request, so that one and the same goes through several servers; nil for none, and for one that is
    /// no word of printable ASCII.
    static func given(_ request: APIRequest) -> String? {
        guard let text = request.headers.first(where: { $0.0 == "audit-id" })?.1, !text.isEmpty, text.utf8.count <= longest,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return text
    }
}

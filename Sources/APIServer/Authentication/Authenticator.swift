internal import APIMachinery
internal import KubeClient

/// Says who sends a request. Source: apiserver `pkg/authentication/request`.
struct Authenticator: Sendable {
    let tokens: ServiceAccountTokens

    /// What tells the credentials of one user apart. Source: apiserver `pkg/authentication/user/user.go` CredentialIDKey.
    private static let credential = "authentication.kubernetes.io/credential-id"

    /// By client certificate, else by bearer token, else `system:anonymous`. Credentials that are sent and not believed are refused: a
    /// client that means to be somebody must not silently become nobody.
    func user(_ head: HTTPRequestHead, certificate: CertificateIdentity?) -> Result<UserInfo, APIStatus> {
        if let certificate {
            return .success(
                UserInfo(
                    name: certificate.commonName, groups: certificate.organizations + ["system:authenticated"],
                    extra: certificate.fingerprint.isEmpty ? [:] : [Self.credential: ["X509SHA256=\(certificate.fingerprint)"]]))
        }
        if let authorization = head.header("authorization"), !authorization.isEmpty {
            let parts = authorization.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .failure(.unauthorized()) }
            return user(token: String(parts[1].trimmingSpaces()))
        }
        if let token = Self.webSocketToken(head) { return user(token: token) }
        return .success(.anonymous)
    }

    /// How a request tried to say who sends it, in the words of the audit log. Source: apiserver `pkg/endpoints/filters/authn_audit.go`.
    static func methods(_ head: HTTPRequestHead) -> [String] {
        let scheme = (head.header("authorization") ?? "").split(separator: " ").first?.lowercased()
        return ["basic", "bearer"].filter { $0 == scheme }
    }

    private func user(token: String) -> Result<UserInfo, APIStatus> {
        do throws(ServiceAccountTokens.Refusal) {
            return .success(try tokens.authenticate(token).user)
        } catch {
            return .failure(.unauthorized())
        }
    }

    /// The token a browser sends as a WebSocket subprotocol, as it can set no header. Source: `websocket/protocol.go`.
    private static func webSocketToken(_ head: HTTPRequestHead) -> String? {
        let prefix = "base64url.bearer.authorization.k8s.io."
        for (name, value) in head.headers where name == "sec-websocket-protocol" {
            for entry in value.split(separator: ",") {
                let entry = entry.trimmingSpaces()
                guard entry.hasPrefix(prefix), let bytes = Base64.decode(entry.dropFirst(prefix.count).utf8) else { continue }
                return String(validating: bytes, as: UTF8.self)
            }
        }
        return nil
    }
}

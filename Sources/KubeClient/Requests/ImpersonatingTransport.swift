package import APIMachinery

/// Who requests are made as, instead of the user of the kubeconfig. Source: kubectl `--as`, `--as-group`.
package struct Impersonation: Sendable, Hashable {
    /// The user.
    package var user: String
    /// The user's groups; none leaves them to the server.
    package var groups: [String]

    /// A user with groups. Nil when the name is empty or anything holds a line break or control character, which no header can carry.
    package init?(user: String, groups: [String] = []) {
        guard !user.isEmpty, ([user] + groups).allSatisfy({ text in text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } }) else {
            return nil
        }
        self.user = user
        self.groups = groups
    }

    /// In words, for the title.
    package var text: String { groups.isEmpty ? user : "\(user) (\(groups.joined(separator: ", ")))" }
}

/// Makes every request as somebody else; the server decides whether that is allowed.
package struct ImpersonatingTransport: KubeTransport {
    private let base: any KubeTransport
    private let headers: [(String, String)]

    /// A transport that adds the headers to what `base` carries.
    package init(_ base: any KubeTransport, as impersonation: Impersonation) {
        self.base = base
        headers = [("impersonate-user", impersonation.user)] + impersonation.groups.map { ("impersonate-group", $0) }
    }

    /// The server in words.
    package var serverDescription: String { base.serverDescription }

    /// Sends a request as somebody else.
    package func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse { try await base.send(disguised(request)) }

    /// Streams a request made as somebody else.
    package func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource { try await base.stream(disguised(request)) }

    /// Opens a session as somebody else.
    package func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession { try await base.connect(disguised(request)) }

    private func disguised(_ request: APIRequest) -> APIRequest {
        var request = request
        request.headers += headers
        return request
    }
}

extension KubeTransport {
    /// This transport, or one that makes its requests as somebody else.
    package func impersonating(_ impersonation: Impersonation?) -> any KubeTransport {
        impersonation.map { ImpersonatingTransport(self, as: $0) } ?? self
    }
}

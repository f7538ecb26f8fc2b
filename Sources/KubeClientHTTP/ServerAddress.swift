import APIMachinery

/// Where a server is, from its URL.
struct ServerAddress: Sendable, Hashable {
    let url: String
    let isSecure: Bool
    let host: String
    let port: Int
    /// What stands before every path, without a slash at its end.
    let prefix: String

    init(_ url: String) throws(APIStatus) {
        self.url = url
        var rest = Substring(url)
        if url.lowercased().hasPrefix("https://") {
            isSecure = true
            rest = rest.dropFirst(8)
        } else if url.lowercased().hasPrefix("http://") {
            isSecure = false
            rest = rest.dropFirst(7)
        } else if url.contains("://") || url.isEmpty {
            throw Self.broken(url)
        } else {
            // client-go reads a bare host as HTTP.
            isSecure = false
        }
        let authority = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path = path.dropLast() }
        prefix = String(path)
        guard let (host, port) = Self.split(authority, standardPort: isSecure ? 443 : 80) else { throw Self.broken(url) }
        self.host = host
        self.port = port
    }

    /// Host and port as they stand in a Host header.
    var authority: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? shown : "\(shown):\(port)"
    }

    private static func split(_ authority: Substring, standardPort: Int) -> (String, Int)? {
        var host = authority
        var tail = Substring()
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            tail = authority[authority.index(after: end)...]
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            tail = authority[colon...]
        }
        guard !host.isEmpty, !host.contains("@"), !host.contains("?") else { return nil }
        guard !tail.isEmpty else { return (String(host), standardPort) }
        guard tail.first == ":", let port = Int(tail.dropFirst()), (1...65535).contains(port) else { return nil }
        return (String(host), port)
    }

    private static func broken(_ url: String) -> APIStatus {
        APIStatus.badRequest("the server address \"\(url)\" is no http or https URL; correct \"server\" of the cluster in the kubeconfig")
    }
}

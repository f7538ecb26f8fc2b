/// Makes links of a server behind a proxy lead through it. Source: apimachinery `pkg/util/proxy/transport.go` rewriteURL.
struct ProxyLinks: Sendable {
    /// The path of the proxy, for example `/api/v1/namespaces/default/services/web/proxy`.
    let prefix: String
    /// The host that the client asked.
    let host: String

    /// A link as it must stand for the client; one to another host, and a relative one, stays as it is.
    func rewritten(_ link: String) -> String {
        var rest = link[...]
        if let scheme = link.range(of: "//", in: 0..<9) {
            let authority = rest[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            guard authority == host else { return link }
            rest = rest[authority.endIndex...]
            if rest.isEmpty { return "\(prefix)/" }
        }
        guard rest.hasPrefix("/") else { return link }
        let path = rest.prefix { $0 != "?" && $0 != "#" }
        if path == prefix || path.hasPrefix("\(prefix)/") { return String(rest) }
        return prefix + rest
    }
}

extension String {
    /// Where `text` first stands with its start among the first characters, and only after letters and a colon or at once.
    fileprivate func range(of text: String, in bounds: Range<Int>) -> Range<String.Index>? {
        guard let start = utf8.prefix(bounds.upperBound).firstIndex(of: UInt8(ascii: "/")), self[start...].hasPrefix(text) else { return nil }
        guard start == startIndex || self[..<start].hasSuffix(":") else { return nil }
        return start..<utf8.index(start, offsetBy: text.utf8.count)
    }
}

internal import KubeClient
internal import LinuxKernel

/// The header fields of an answer that both protocols send; how a body is delimited is for each to add.
enum ResponseFields {
    /// Calls `add` for each field, its name in lower case, in the order in which they are sent. Left out is what could only come from data:
    /// a name that is none, and a value that would end its line.
    static func visit(_ response: APIResponse, isGzipped: Bool, date: String, _ add: (_ name: String, _ value: String) -> Void) {
        add("audit-id", response.header("audit-id") ?? SecureRandom.uuidV4())
        if !response.contentType.isEmpty { add("content-type", response.contentType) }
        var hasCacheControl = false
        for (name, value) in response.headers {
            let name = HTTPHeadGrammar.isLowerCaseToken(name) ? name : name.lowercased()
            guard name != "audit-id", HTTPHeadGrammar.isLowerCaseToken(name), isOneLine(value) else { continue }
            if name == "cache-control" { hasCacheControl = true }
            add(name, value)
        }
        if !hasCacheControl { add("cache-control", "no-cache, private") }
        add("date", date)
        guard isGzipped else { return }
        add("content-encoding", "gzip")
        add("vary", "Accept-Encoding")
    }

    private static func isOneLine(_ text: String) -> Bool { !text.utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 } }
}

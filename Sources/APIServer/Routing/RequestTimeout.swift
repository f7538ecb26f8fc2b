internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// The query parameter `timeout` of requests that are soon over: read and refused when it says no time. No request is served long enough
/// for it to end one. Source: apiserver `pkg/endpoints/filters/request_deadline.go`.
enum RequestTimeout {
    private static let units: Set<String> = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]

    /// Throws 400 for what Go does not read as a duration. Answers that last are left alone: what a proxied server makes of its query is its own.
    static func check(_ request: APIRequest, _ kind: RequestKind) throws(APIStatus) {
        guard !kind.isLongRunning, let text = request.queryValue("timeout"), !text.isEmpty, let problem = problem(text) else { return }
        throw .badRequest("invalid timeout specified in the request URL - time: \(problem)")
    }

    /// What Go's `time.ParseDuration` says against a text; nil for a duration.
    static func problem(_ text: String) -> String? {
        let shown = String(text.prefix(100)).goQuoted
        var rest = Substring(text)
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        if rest == "0" { return nil }
        guard !rest.isEmpty else { return "invalid duration \(shown)" }
        while !rest.isEmpty {
            let whole = rest.prefix(while: isDigit)
            rest = rest.dropFirst(whole.count)
            var isNumber = !whole.isEmpty
            if rest.first == "." {
                let fraction = rest.dropFirst().prefix(while: isDigit)
                rest = rest.dropFirst(1 + fraction.count)
                isNumber = isNumber || !fraction.isEmpty
            }
            guard isNumber else { return "invalid duration \(shown)" }
            let unit = rest.prefix { $0 != "." && !isDigit($0) }
            rest = rest.dropFirst(unit.count)
            guard !unit.isEmpty else { return "missing unit in duration \(shown)" }
            guard units.contains(String(unit)) else { return "unknown unit \(String(unit.prefix(100)).goQuoted) in duration \(shown)" }
        }
        return nil
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
}

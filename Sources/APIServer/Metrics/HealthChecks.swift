internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import Logging
internal import ObjectStore
internal import Synchronization

/// `/healthz`, `/livez` and `/readyz` with their single checks, by the names that clients know: `etcd` is the store.
/// Source: apiserver `pkg/server/healthz`.
final class HealthChecks: Sendable {
    private struct Check {
        var name: String
        /// Nil when all is well.
        var problem: @Sendable (ServerCore) -> String?
    }

    private struct State {
        var hasStarted = false
        var isStopping = false
    }

    private let state = Mutex(State())

    init() {}

    /// What a new cluster starts with has been written.
    func started() { state.withLock { $0.hasStarted = true } }
    /// The server is about to close its connections.
    func stopping() { state.withLock { $0.isStopping = true } }

    private func checks(_ path: String) -> [Check] {
        let (hasStarted, isStopping) = state.withLock { ($0.hasStarted, $0.isStopping) }
        var list = [
            Check(name: "ping") { _ in nil },
            Check(name: "etcd") { core in
                do throws(StoreError) {
                    _ = try core.store.get(ObjectKey(group: "", resource: "namespaces", namespace: nil, name: "default"))
                    return nil
                } catch {
                    return "\(error)"
                }
            },
            Check(name: "poststarthook/bootstrap") { _ in hasStarted ? nil : "not finished" },
        ]
        if path == "readyz" { list.append(Check(name: "shutdown") { _ in isStopping ? "process is shutting down" : nil }) }
        return list
    }

    /// Whether a path is answered here.
    static func serves(_ segments: [String]) -> Bool {
        segments.first.map { ["healthz", "livez", "readyz"].contains($0) } ?? false
    }

    /// Answers a GET of the path made of `segments`. Throws NotFound for a check there is none of.
    func answer(_ request: APIRequest, _ segments: [String], _ core: ServerCore) throws(APIStatus) -> APIResponse {
        guard request.method == .get || request.method == .head else { throw .methodNotAllowed }
        let all = checks(segments[0])
        if segments.count > 1 {
            let name = segments.dropFirst().joined(separator: "/")
            guard let check = all.first(where: { $0.name == name }) else { throw .unknownPath }
            guard let problem = check.problem(core) else { return ResponseMaking.text("ok") }
            core.logger.warning("health check failed", metadata: ["check": "\(name)", "error": "\(problem)"])
            return ResponseMaking.text("internal server error: \(problem)\n", status: 500)
        }
        var excluded = Set(request.queryValues("exclude"))
        var lines = ""
        var failed: [String] = []
        for check in all {
            if excluded.remove(check.name) != nil {
                lines += "[+]\(check.name) excluded: ok\n"
            } else if let problem = check.problem(core) {
                // Why is for the log: who asks may be nobody.
                lines += "[-]\(check.name) failed: reason withheld\n"
                failed.append(check.name)
                core.logger.warning("health check failed", metadata: ["check": "\(check.name)", "error": "\(problem)"])
            } else {
                lines += "[+]\(check.name) ok\n"
            }
        }
        if !excluded.isEmpty {
            let list = excluded.sorted().map(\.goQuoted).joined(separator: ",")
            lines += "warn: some health checks cannot be excluded: no matches for \(list)\n"
        }
        guard failed.isEmpty else { return ResponseMaking.text("\(lines)\(segments[0]) check failed\n", status: 500) }
        guard request.queryValue("verbose") != nil else { return ResponseMaking.text("ok") }
        return ResponseMaking.text("\(lines)\(segments[0]) check passed\n")
    }
}

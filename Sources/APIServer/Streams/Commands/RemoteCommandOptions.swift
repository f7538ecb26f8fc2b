internal import KubeClient

/// Which streams a client of exec or attach wants. Source: core/v1 PodExecOptions.
struct RemoteCommandOptions: Sendable, Equatable {
    var stdin: Bool
    var stdout: Bool
    /// Never with a terminal, which has one output.
    var stderr: Bool
    var tty: Bool

    init(_ request: APIRequest, _ query: StreamQuery = .api) {
        func flag(_ name: String) -> Bool { query == .api ? request.queryFlag(name) : request.queryValue(name) == "1" }
        stdin = flag(query.stdin)
        stdout = flag(query.stdout)
        tty = flag("tty")
        stderr = flag(query.stderr) && !tty
    }
}

/// How a query spells what streams are wanted: for an API server, or for an agent itself, whose flags are 1.
/// Source: kubelet `pkg/apis/core/types.go` ExecStdinParam and the like.
enum StreamQuery: Sendable {
    case api
    case agent

    var stdin: String { self == .api ? "stdin" : "input" }
    var stdout: String { self == .api ? "stdout" : "output" }
    var stderr: String { self == .api ? "stderr" : "error" }
    var ports: String { self == .api ? "ports" : "port" }
}

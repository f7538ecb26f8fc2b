internal import KubeClient

/// Which streams a client of exec or attach wants. Source: core/v1 PodExecOptions.
struct RemoteCommandOptions: Sendable, Equatable {
    var stdin: Bool
    var stdout: Bool
    /// Never with a terminal, which has one output.
    var stderr: Bool
    var tty: Bool

    init(_ request: APIRequest) {
        stdin = request.queryFlag("stdin")
        stdout = request.queryFlag("stdout")
        tty = request.queryFlag("tty")
        stderr = request.queryFlag("stderr") && !tty
    }
}

/// A program to run in a container, and the streams to join. Source: core/v1 PodExecOptions.
package struct ExecRequest: Sendable, Hashable {
    /// The pod's namespace.
    package var namespace: String
    /// The pod's name.
    package var pod: String
    /// The pod's uid.
    package var podUID: String
    /// The container's name.
    package var container: String
    /// The program and its arguments, without a shell; empty to attach.
    package var command: [String]
    /// Whether standard input is joined. Default false.
    package var stdin: Bool
    /// Whether standard output is joined. Default true.
    package var stdout: Bool
    /// Whether standard error is joined. Default true; never with a terminal.
    package var stderr: Bool
    /// Whether the program gets a terminal. Default false.
    package var tty: Bool
    /// Whether it only looks, for the command log. Default false.
    package var isLook: Bool

    /// A request.
    package init(
        namespace: String, pod: String, podUID: String = "", container: String, command: [String], stdin: Bool = false,
        stdout: Bool = true, stderr: Bool = true, tty: Bool = false, isLook: Bool = false
    ) {
        self.namespace = namespace
        self.pod = pod
        self.podUID = podUID
        self.container = container
        self.command = command
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.tty = tty
        self.isLook = isLook
    }
}

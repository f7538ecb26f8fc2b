internal import CLinux
internal import Glibc
internal import LinuxKernel

/// The pipes between the daemon and an exec. The program's ends are closed when this value goes; so are ours unless taken.
struct ExecPipes: ~Copyable {
    private var ours: [ExecHandle.Stream: CInt] = [:]
    /// The program's standard input, output and error.
    private(set) var theirs: [CInt] = []

    init(hasInput: Bool, hasTerminal: Bool) throws(RuntimeError) {
        for stream in [ExecHandle.Stream.input, .output, .errorOutput] {
            if hasTerminal || (stream == .input && !hasInput) {
                theirs.append(try opened("open") { open("/dev/null", O_RDWR | O_CLOEXEC) })
            } else {
                var ends: [CInt] = [-1, -1]
                _ = try opened("pipe2") { kd_pipe_pair(&ends) }
                let isInput = stream == .input
                ours[stream] = isInput ? ends[1] : ends[0]
                theirs.append(isInput ? ends[0] : ends[1])
            }
        }
    }

    deinit {
        for descriptor in theirs { _ = close(descriptor) }
        for descriptor in ours.values { _ = close(descriptor) }
    }

    /// Our ends; the caller owns them from now on.
    mutating func takeOurs() -> [ExecHandle.Stream: CInt] {
        defer { ours = [:] }
        return ours
    }
}

private func opened(_ call: String, _ body: () -> CInt) throws(RuntimeError) -> CInt {
    let result = body()
    if result < 0 { throw RuntimeError(.system, "cannot open a stream for the exec", cause: .last(call)) }
    return result
}

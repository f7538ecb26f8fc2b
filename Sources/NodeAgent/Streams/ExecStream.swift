import APIMachinery
import ContainerRuntime
import Glibc
import KubeClient
import LinuxKernel

/// One program started in a container by exec, as the session its client sees.
final class ExecStream: StreamSession {
    let output: any ByteSource
    let errorOutput: (any ByteSource)?
    private let handle: ExecHandle
    private let input: DescriptorSink?
    /// Whether input and output are one terminal.
    private let hasTerminal: Bool

    init(_ handle: ExecHandle, poller: DescriptorPoller) throws(SystemError) {
        self.handle = handle
        if let master = handle.takeTerminal() {
            hasTerminal = true
            input = try DescriptorSink(try master.duplicate(), poller: poller)
            output = try DescriptorSource(master, poller: poller)
            errorOutput = nil
            return
        }
        hasTerminal = false
        if let pipe = handle.takeInput() { input = try DescriptorSink(pipe, poller: poller) } else { input = nil }
        guard let standard = handle.takeOutput(), let error = handle.takeErrorOutput() else {
            preconditionFailure("an exec without a terminal has an output and an error pipe")
        }
        output = try DescriptorSource(standard, poller: poller)
        errorOutput = try DescriptorSource(error, poller: poller)
    }

    func write(_ bytes: [UInt8]) async throws(APIStatus) {
        guard let input else { throw .badRequest("the program has no input") }
        try await input.write(bytes)
    }

    func closeInput() async {
        // A terminal has no end of its input; programs that want one read the character that stands for it.
        if !hasTerminal { input?.close() }
    }

    func resize(columns: Int, rows: Int) {
        if hasTerminal { input?.setTerminalSize(columns: columns, rows: rows) }
    }

    func result() async -> APIStatus {
        let record = await handle.wait()
        return record.code == 0 ? .done : .exited(with: Int(record.code))
    }

    func cancel() {
        input?.close()
        output.cancel()
        errorOutput?.cancel()
    }
}

extension DescriptorSink {
    /// Tells the terminal behind the descriptor its size in cells.
    func setTerminalSize(columns: Int, rows: Int) {
        var size = winsize(ws_row: UInt16(clamping: rows), ws_col: UInt16(clamping: columns), ws_xpixel: 0, ws_ypixel: 0)
        withDescriptor { _ = ioctl($0, UInt(TIOCSWINSZ), &size) }
    }
}

extension APIStatus {
    /// How the good end of a session is told.
    static let done = APIStatus(code: 200, reason: nil, message: "", isFailure: false)

    /// How a program's end is told on the error channel. Source: remotecommand v4.
    static func exited(with code: Int) -> APIStatus {
        var details = Details()
        details.causes = [Cause(reason: "ExitCode", message: "\(code)", field: "")]
        var status = APIStatus(
            code: 500, reason: Reason(rawValue: "NonZeroExitCode"), message: "command terminated with non-zero exit code: exit code \(code)")
        status.details = details
        return status
    }
}

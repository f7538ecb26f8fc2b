import APIMachinery
import ContainerRuntime
import Glibc
import KubeClient
import LinuxKernel
import Synchronization

/// One program started in a container by exec, as the session its client sees.
final class ExecStream: StreamSession {
    let output: any ByteSource
    let errorOutput: (any ByteSource)?
    private let handle: ExecHandle
    private let input: Mutex<CInt>
    /// The terminal's master, for its size; -1 without one.
    private let terminal: Mutex<CInt>
    private let poller: DescriptorPoller

    init(_ handle: ExecHandle, poller: DescriptorPoller) throws(SystemError) {
        self.handle = handle
        self.poller = poller
        if let master = handle.takeTerminal() {
            let writing = try master.duplicate()
            try writing.setNonBlocking(true)
            terminal = Mutex(try master.duplicate().release())
            input = Mutex(writing.release())
            output = try DescriptorSource(master, poller: poller)
            errorOutput = nil
            return
        }
        terminal = Mutex(-1)
        if let pipe = handle.takeInput() {
            try pipe.setNonBlocking(true)
            input = Mutex(pipe.release())
        } else {
            input = Mutex(-1)
        }
        guard let standard = handle.takeOutput(), let error = handle.takeErrorOutput() else {
            preconditionFailure("an exec without a terminal has an output and an error pipe")
        }
        output = try DescriptorSource(standard, poller: poller)
        errorOutput = try DescriptorSource(error, poller: poller)
    }

    func write(_ bytes: [UInt8]) async throws(APIStatus) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let outcome = input.withLock { fd -> (written: Int, errno: CInt, fd: CInt) in
                guard fd >= 0 else { return (-1, EBADF, -1) }
                let file = fd
                let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                return (written, written < 0 ? errno : 0, fd)
            }
            if outcome.written > 0 {
                rest = rest.dropFirst(outcome.written)
            } else if outcome.errno == EAGAIN {
                await withCheckedContinuation { continuation in
                    poller.wait(for: outcome.fd, writing: true) { continuation.resume() }
                }
            } else if outcome.errno != EINTR {
                throw .badRequest("the program no longer reads its input")
            }
        }
    }

    func closeInput() async {
        closeInputNow()
    }

    private func closeInputNow() {
        let fd = input.withLock { fd in
            defer { fd = -1 }
            return fd
        }
        guard fd >= 0 else { return }
        poller.cancel(fd)
        close(fd)
    }

    func resize(columns: Int, rows: Int) {
        terminal.withLock { fd in
            guard fd >= 0 else { return }
            var size = winsize(ws_row: UInt16(clamping: rows), ws_col: UInt16(clamping: columns), ws_xpixel: 0, ws_ypixel: 0)
            _ = ioctl(fd, UInt(TIOCSWINSZ), &size)
        }
    }

    func result() async -> APIStatus {
        let record = await handle.wait()
        return record.code == 0 ? APIStatus(code: 200, reason: nil, message: "", isFailure: false) : .exited(with: Int(record.code))
    }

    func cancel() {
        release()
        output.cancel()
        errorOutput?.cancel()
    }

    private func release() {
        closeInputNow()
        let fd = terminal.withLock { fd in
            defer { fd = -1 }
            return fd
        }
        if fd >= 0 { close(fd) }
    }

    deinit {
        release()
    }
}

extension APIStatus {
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

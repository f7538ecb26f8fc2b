internal import CLinux
internal import Glibc
package import LinuxKernel
internal import Synchronization

/// What a running container writes from the moment of ``NodeSupervisor/tap(_:withErrorOutput:)`` on.
package final class OutputTap: Sendable {
    private let streams: Mutex<[CInt]>

    fileprivate init(_ streams: [CInt]) { self.streams = Mutex(streams) }

    deinit {
        streams.withLock { streams in
            for descriptor in streams where descriptor >= 0 { _ = close(descriptor) }
        }
    }

    /// Read end of standard output, or of what the terminal shows, once.
    package func takeOutput() -> FileDescriptor? { take(0) }
    /// Read end of standard error, once; nil unless it was asked for.
    package func takeErrorOutput() -> FileDescriptor? { take(1) }

    private func take(_ index: Int) -> FileDescriptor? {
        streams.withLock { streams in
            guard index < streams.count, streams[index] >= 0 else { return nil }
            defer { streams[index] = -1 }
            return FileDescriptor(streams[index])
        }
    }
}

extension NodeSupervisor {
    /// Copies of a running container's streams. They end with the streams, and with the supervisor's program. A reader that is slow
    /// makes the container wait; one that goes away does not.
    package func tap(_ id: String, withErrorOutput: Bool) async throws(RuntimeError) -> OutputTap {
        var theirs: [CInt] = []
        var ours: [CInt] = []
        defer { for descriptor in theirs { _ = close(descriptor) } }
        for _ in 0..<(withErrorOutput ? 2 : 1) {
            var ends: [CInt] = [-1, -1]
            guard kd_pipe_pair(&ends) == 0 else {
                let failure = SystemError.last("pipe2")
                for descriptor in ours { _ = close(descriptor) }
                throw RuntimeError(.system, "cannot open a stream to the container", cause: failure)
            }
            ours.append(ends[0])
            theirs.append(ends[1])
        }
        let tap = OutputTap(ours)
        _ = try await connection.call(KD_OP_TAP, descriptors: theirs) { writer throws(RuntimeError) in try writer.text(KD_ID, id) }
        return tap
    }
}

import APIMachinery
import Glibc
import KubeClient
import LinuxKernel

/// A connection to a port inside a pod.
final class PortStream: StreamSession {
    let output: any ByteSource
    let errorOutput: (any ByteSource)? = nil
    private let input: DescriptorSink
    private let ending: SessionEnding

    init(_ socket: consuming FileDescriptor, poller: DescriptorPoller) throws(SystemError) {
        let ending = SessionEnding()
        self.ending = ending
        // Two descriptors, as the poller waits for each once.
        input = try DescriptorSink(try socket.duplicate(), poller: poller)
        output = EndingSource(try DescriptorSource(socket, poller: poller)) { ending.finish(.done) }
    }

    func write(_ bytes: [UInt8]) async throws(APIStatus) { try await input.write(bytes) }

    func closeInput() async {
        input.withDescriptor { _ = shutdown($0, CInt(SHUT_WR)) }
    }

    func resize(columns: Int, rows: Int) {}
    func result() async -> APIStatus { await ending.wait() }

    func cancel() {
        input.close()
        output.cancel()
        ending.finish(.done)
    }
}

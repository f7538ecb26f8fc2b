import APIMachinery
import ClusterOperations
import Glibc
import KubeClient
import LinuxKernel

/// Writes a capture to a file of the user's as it arrives, and takes it apart.
actor PacketRecorder {
    private let source: any ByteSource
    private let file: FileDescriptor
    private var stream = PacketStream()
    /// Bytes written.
    private(set) var written: Int64 = 0
    /// Where the file is.
    nonisolated let path: String

    /// Makes the file, which only the user can read; it must not be there yet.
    init(_ source: any ByteSource, path: String) throws(SystemError) {
        self.source = source
        self.path = path
        file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
    }

    /// What came since the last call, waiting for something; nil at the end. A cancelled task ends the capture at the server, too.
    func next() async throws(APIStatus) -> [PacketStream.Packet]? {
        guard var bytes = try await source.next(maximum: 256 << 10) else { return nil }
        // All that is there already, so that a flood costs one look at the screen and not thousands.
        while bytes.count < 4 << 20, case .bytes(let more) = source.poll(maximum: 256 << 10) { bytes += more }
        do throws(SystemError) {
            try file.writeAll(bytes)
        } catch {
            source.cancel()
            throw .internalError("\(path) cannot be written: \(error)")
        }
        written += Int64(bytes.count)
        let packets = stream.feed(bytes)
        guard !stream.isBroken else {
            source.cancel()
            throw .internalError("what the server sends is no capture")
        }
        return packets
    }
}

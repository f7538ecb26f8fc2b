import APIMachinery
import Dispatch
import Glibc
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization

/// Sends an image archive to the daemon while it is read, so that its size does not matter.
struct ImageUpload: Sendable {
    let client: DaemonClient

    /// Loads `path` (`-` is standard input); returns the names of the images in it.
    func load(_ path: String) throws(CommandError) -> [String] {
        let file: CInt
        do throws(SystemError) {
            file = path == "-" ? dup(0) : try FileDescriptor.open(path, O_RDONLY).release()
        } catch {
            throw CommandError("cannot read image archive \(path): \(error)")
        }
        let body = ArchiveReader.start(file, named: path == "-" ? "standard input" : path)
        let value = try Blocking.run { () throws(CommandError) in try await client.upload("/images/load", from: body) }
        return (value["images"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
    }
}

/// Reads a descriptor on a thread of its own, at most a megabyte ahead of whoever takes the bytes.
private final class ArchiveReader: Sendable {
    private let channel = ByteChannel(highWaterMark: 1 << 20)
    private let proceed = DispatchSemaphore(value: 0)
    private let isGivenUp = Atomic(false)

    /// Takes the descriptor over.
    static func start(_ file: CInt, named name: String) -> any ByteSource {
        let reader = ArchiveReader()
        reader.channel.whenCancelled {
            reader.isGivenUp.store(true, ordering: .releasing)
            reader.proceed.signal()
        }
        KernelThread.start("kdash-archive") { reader.run(FileDescriptor(file), name) }
        return reader.channel
    }

    private func run(_ file: borrowing FileDescriptor, _ name: String) {
        do throws(SystemError) {
            while !isGivenUp.load(ordering: .acquiring) {
                let bytes = try file.read(maximum: 256 << 10)
                if bytes.isEmpty { return channel.finish() }
                if channel.send(bytes) { continue }
                channel.whenDrained { self.proceed.signal() }
                proceed.wait()
            }
        } catch {
            channel.fail(.badRequest("cannot read image archive \(name): \(error)"))
        }
    }
}

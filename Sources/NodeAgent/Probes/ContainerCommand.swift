import APIMachinery
import ContainerRuntime
import KubeClient
import LinuxKernel
import Synchronization

/// Runs a program in a container to its end, for probes and hooks.
struct ContainerCommand: Sendable {
    let context: PodContext

    struct Result: Sendable {
        let code: Int32
        /// Both streams, at most `outputLimit` bytes.
        let output: String
        let isTimedOut: Bool
    }

    /// Source: the kubelet's probe.MaxReadLength of 10 KiB.
    static let outputLimit = 10 << 10

    private final class Output: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        let isTimedOut = Mutex(false)
        let hasEnded = Mutex(false)
        func add(_ more: [UInt8]) {
            bytes.withLock { $0 += more.prefix(ContainerCommand.outputLimit - $0.count) }
        }
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    }

    func run(
        _ command: [String], process: ProcessSpec, _ target: ActionTarget, timeout: Duration
    ) async throws(ConfigurationError) -> Result {
        var process = process
        process.arguments = command
        process.hasTerminal = false
        let handle: ExecHandle
        let sources: [DescriptorSource]
        do {
            handle = try await context.runtime.exec(ExecSpec(containerID: target.instance, process: process, cgroup: target.cgroup))
            var opened: [DescriptorSource] = []
            if let pipe = handle.takeOutput() { opened.append(try DescriptorSource(pipe, poller: context.poller)) }
            if let pipe = handle.takeErrorOutput() { opened.append(try DescriptorSource(pipe, poller: context.poller)) }
            sources = opened
        } catch let error as RuntimeError {
            throw ConfigurationError(error.message, reason: error.code == .startError ? "StartError" : "RunContainerError")
        } catch {
            throw ConfigurationError("\(error)", reason: "RunContainerError")
        }
        let output = Output()
        let record = await withTaskGroup(of: Void.self) { group in
            for source in sources {
                group.addTask {
                    // A process that has closed its end, or a cancelled probe, ends the reading.
                    while let bytes = try? await source.next() { output.add(bytes) }
                }
            }
            group.addTask {
                // Also when the worker ends: so does what it started, and the wait below with it.
                do { try await context.time.sleep(for: timeout) } catch {}
                if output.hasEnded.withLock({ $0 }) { return }
                output.isTimedOut.withLock { $0 = true }
                try? await handle.kill()  // best effort: it may just have ended
            }
            let record = await handle.wait()
            output.hasEnded.withLock { $0 = true }
            // Children of the program may hold the pipes open: only what is there now is of interest.
            for source in sources {
                while case .bytes(let bytes) = source.poll(maximum: 64 << 10) { output.add(bytes) }
                source.cancel()
            }
            group.cancelAll()
            return record
        }
        return Result(code: record.code, output: output.text, isTimedOut: output.isTimedOut.withLock { $0 } && record.code != 0)
    }
}

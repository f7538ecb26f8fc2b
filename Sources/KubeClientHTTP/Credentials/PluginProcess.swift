import APIMachinery
import Glibc
import KubeClient
import LinuxKernel

/// One run of a credential plugin.
struct PluginProcess: Sendable {
    /// How long a plugin may take: it may open a browser and wait for a person.
    static let patience = Duration.seconds(300)
    /// What is still on its way when the program has ended gets this long.
    private static let lastWords = Duration.seconds(1)
    private static let maximumOutput = ByteCount.mebibytes(1)

    private let plugin: ExecCredentialPlugin
    private let information: String
    private let patience: Duration

    init(_ plugin: ExecCredentialPlugin, information: String, patience: Duration = Self.patience) {
        self.plugin = plugin
        self.information = information
        self.patience = patience
    }

    /// What the program printed. Throws Unauthorized when it is missing, fails, says too much, or takes too long.
    func run() async throws(APIStatus) -> [UInt8] {
        do {
            return try await KernelThread.run("kdash-credential") { try runBlocking() }
        } catch let status as APIStatus {
            throw status
        } catch {
            throw failed("\(error)")
        }
    }

    private func runBlocking() throws -> [UInt8] {
        guard let path = Self.search(plugin.command) else {
            throw failed("it is not installed\(plugin.installHint.map { "; \($0)" } ?? "")")
        }
        let ends = try UnixSocket.pair(.stream)
        let output = FileDescriptor(ends.0)
        let input = FileDescriptor(ends.1)
        let errorEnds = try UnixSocket.pair(.stream)
        let messages = FileDescriptor(errorEnds.0)
        let errors = FileDescriptor(errorEnds.1)
        // Its standard error would be drawn over the screen.
        let child = try start(path, writingTo: consume input, consume errors)
        let heard: Result<Heard, SystemError>
        do throws(SystemError) {
            heard = .success(try listen(to: try child.pidfd(), output, messages))
        } catch {
            heard = .failure(error)
        }
        guard case .success(let all) = heard, all.end == .ended else {
            Self.end(child)
            let all = try heard.get()
            let what = all.end == .late ? "took longer than \(patience.components.seconds) s" : "printed more than \(Self.maximumOutput)"
            throw failed("it \(what)\(all.reason)")
        }
        let exit = try child.wait()
        guard exit == .code(0) else { throw failed("it ended with status \(exit.status)\(all.reason)") }
        return all.printed
    }

    /// Kills it; nobody waits for what the kernel may not be able to end at once.
    private static func end(_ child: ChildProcess) {
        // Not waited for yet, so its number is nobody else's.
        kill(child.pid, SIGKILL)
        KernelThread.start("kdash-reap") { _ = try? child.wait() }  // best effort: there is nobody left to tell
    }

    /// Starts it; only the program itself holds these ends then.
    private func start(_ path: String, writingTo output: consuming FileDescriptor, _ errors: consuming FileDescriptor)
        throws(SystemError) -> ChildProcess
    {
        try ChildProcess.start(
            path, arguments: [plugin.command] + plugin.arguments, environment: environment,
            standardStreams: (nil, output.raw, errors.raw))
    }

    /// What a program said and how that ended.
    private struct Heard {
        enum End { case ended, late, tooLong }
        var printed: [UInt8] = []
        /// The last of its standard error.
        var said: [UInt8] = []
        var end = End.ended

        /// The last line said, for the end of a message.
        var reason: String {
            let line = said.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).last { line in line.contains { $0 != 0x20 } }
            return line.map { ": \(String(decoding: $0, as: UTF8.self).prefix(300))" } ?? ""
        }
    }

    /// Everything up to the end of the program, whoever else still holds its output then.
    private func listen(
        to process: consuming FileDescriptor, _ output: borrowing FileDescriptor, _ messages: borrowing FileDescriptor
    ) throws(SystemError) -> Heard {
        let clock = SystemTimeSource()
        var deadline = clock.monotonic() + patience
        var heard = Heard()
        var (isPrinting, isTalking, hasEnded) = (true, true, false)
        while true {
            let rest = deadline - clock.monotonic()
            guard rest > .zero else {
                heard.end = hasEnded ? .ended : .late
                return heard
            }
            let isReady = try pollReadable([process.raw, isPrinting ? output.raw : -1, isTalking ? messages.raw : -1], timeout: rest)
            if isReady[1] {
                let bytes = try output.read(maximum: 64 << 10)
                isPrinting = !bytes.isEmpty
                heard.printed += bytes
                guard heard.printed.count <= Self.maximumOutput.value else {
                    heard.end = .tooLong
                    return heard
                }
            }
            if isReady[2] {
                let bytes = try messages.read(maximum: 4096)
                isTalking = !bytes.isEmpty
                heard.said = Array((heard.said + bytes).suffix(4096))
            }
            guard isReady[0] else { continue }
            // All that it wrote is there by now.
            if !isReady[1], !isReady[2] { return heard }
            if !hasEnded { deadline = min(deadline, clock.monotonic() + Self.lastWords) }
            hasEnded = true
        }
    }

    private var environment: [String] {
        var own = ["KUBERNETES_EXEC_INFO=\(information)"]
        own += plugin.environment.map { "\($0.name)=\($0.value)" }
        let names = Set(own.map { $0.prefix { $0 != "=" } })
        var inherited: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let variable = String(cString: text)
            if !names.contains(variable.prefix { $0 != "=" }) { inherited.append(variable) }
            entry += 1
        }
        return inherited + own
    }

    private static func search(_ command: String) -> String? {
        if command.contains("/") { return access(command, X_OK) == 0 ? command : nil }
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return folders.split(separator: ":").map { "\($0)/\(command)" }.first { access($0, X_OK) == 0 }
    }

    private func failed(_ why: String) -> APIStatus {
        APIStatus.unauthorized("the credential program \"\(plugin.command)\" gave no credentials: \(why)")
    }
}

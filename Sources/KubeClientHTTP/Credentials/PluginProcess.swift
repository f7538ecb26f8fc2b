import APIMachinery
import Glibc
import KubeClient
import LinuxKernel

/// One run of a credential plugin.
struct PluginProcess: Sendable {
    /// How long a plugin may take: it may open a browser and wait for a person.
    static let patience: CInt = 300
    static let maximumOutput = 1 << 20

    private let plugin: ExecCredentialPlugin
    private let information: String

    init(_ plugin: ExecCredentialPlugin, information: String) {
        self.plugin = plugin
        self.information = information
    }

    /// What the program printed. Throws Unauthorized when it is missing, fails, or takes too long.
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
        let handle = try child.pidfd()
        let (printed, said) = try Self.collect(output, messages, until: time(nil) + Int(Self.patience))
        if printed == nil { try ChildProcess.signal(SIGKILL, to: handle) }
        let exit = try child.wait()
        let reason = said.isEmpty ? "" : ": \(said)"
        guard let printed else { throw failed("it took longer than \(Self.patience) seconds\(reason)") }
        guard exit == .code(0) else { throw failed("it ended with status \(exit.status)\(reason)") }
        return printed
    }

    /// Starts it; only the program itself holds these ends then.
    private func start(_ path: String, writingTo output: consuming FileDescriptor, _ errors: consuming FileDescriptor)
        throws(SystemError) -> ChildProcess
    {
        try ChildProcess.start(
            path, arguments: [plugin.command] + plugin.arguments, environment: environment,
            standardStreams: (nil, output.raw, errors.raw))
    }

    /// Everything up to the end of the output, nil when it does not end in time or is too long, and the last line said beside it.
    private static func collect(
        _ output: borrowing FileDescriptor, _ messages: borrowing FileDescriptor, until deadline: Int
    ) throws(SystemError) -> (printed: [UInt8]?, said: String) {
        var (printed, said): ([UInt8], [UInt8]) = ([], [])
        var isTalking = true
        while true {
            let rest = deadline - time(nil)
            guard rest > 0, printed.count <= maximumOutput else { return (nil, lastLine(said)) }
            var watched = [
                pollfd(fd: output.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isTalking ? messages.raw : -1, events: Int16(POLLIN), revents: 0),
            ]
            guard try SystemError.checkRetrying("poll", "", { poll(&watched, 2, CInt(rest) * 1000) }) > 0 else {
                return (nil, lastLine(said))
            }
            if watched[1].revents != 0 {
                let bytes = try messages.read(maximum: 4096)
                isTalking = !bytes.isEmpty
                said = Array((said + bytes).suffix(4096))
            }
            guard watched[0].revents != 0 else { continue }
            let bytes = try output.read(maximum: 64 << 10)
            if bytes.isEmpty { return (printed, lastLine(said)) }
            printed += bytes
        }
    }

    private static func lastLine(_ bytes: [UInt8]) -> String {
        let line = bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).last { line in line.contains { $0 != 0x20 } }
        return line.map { String(String(decoding: $0, as: UTF8.self).prefix(300)) } ?? ""
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

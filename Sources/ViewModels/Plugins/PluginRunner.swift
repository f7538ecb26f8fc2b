import Glibc
import LinuxKernel

/// Runs the user's plugins: asks what they want to know, then hands them the terminal, or runs them beside the screen and shows what they said.
@MainActor package final class PluginRunner {
    private unowned let app: AppModel
    private var running: [Int: [ChildProcess]] = [:]
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var next = 0
    /// Beside the screen at once.
    private static let maximumRunning = 8
    /// Kept of what one says.
    private nonisolated static let maximumOutput = 1 << 20
    private var last: DetailModel?

    init(app: AppModel) { self.app = app }

    /// Whether a plugin can run now. A dangerous one never does where nothing may be changed.
    static func availability(_ plugin: Plugin, _ app: AppModel) -> Availability {
        if plugin.isDangerous, let refusal = app.refusal { return .disabled("it is dangerous, and \(refusal)") }
        if app.context.access == .readonly, !plugin.isReadOnly {
            return .disabled("kdash was started with --readonly, and the plugin does not say `readOnly: true`")
        }
        if app.selectedBinding == nil, !plugin.scopes.contains("all") { return .disabled("nothing is selected") }
        return .enabled
    }

    /// Runs a plugin on what is under the cursor now; nothing that happens later moves it to another object.
    func run(_ plugin: Plugin) {
        ask(plugin.inputs[...], plugin, app.selectedBinding, [:])
    }

    private func ask(_ inputs: ArraySlice<Plugin.Input>, _ plugin: Plugin, _ binding: ObjectBinding?, _ answers: [String: String]) {
        guard let input = inputs.first else { return confirm(plugin, binding, answers) }
        let goOn = { [weak self] (answer: String) in
            guard let self else { return }
            ask(inputs.dropFirst(), plugin, binding, answers.merging([input.name: answer]) { _, new in new })
        }
        switch input.kind {
        case .bool: app.pick(input.label, ["true", "false"], onPick: goOn)
        case .dropdown: app.pick(input.label, input.options, onPick: goOn)
        case .string, .number:
            let check = { (text: String) -> String? in
                if input.isRequired, text.isEmpty { return "\(plugin.description): \(input.label) is needed" }
                guard input.kind == .number, !text.isEmpty, Double(text) == nil else { return nil }
                return "\(plugin.description): \(text.prefix(40)) is no number"
            }
            app.openPrompt(.line, input.label, input.initial, { _ in }, check: check, goOn)
        }
    }

    private func confirm(_ plugin: Plugin, _ binding: ObjectBinding?, _ answers: [String: String]) {
        let command: PluginCommand
        do throws(PluginCommand.Refusal) {
            command = try PluginCommand(plugin, PluginVariables(app, binding, inputs: answers))
        } catch {
            return app.toast("\(plugin.description): \(error.message)", .error)
        }
        guard plugin.asks || plugin.isDangerous else { return start(plugin, command, binding) }
        app.modal = .dialog(
            DialogModel(
                title: "\(plugin.description)?", body: [[TextSpan("This runs "), TextSpan(command.shown, .accent)]], binding: binding,
                choices: [
                    DialogChoice(id: "no", title: "No", key: "n"),
                    DialogChoice(id: "yes", title: "Run it", key: "y", isDestructive: plugin.isDangerous),
                ], defaultChoice: 0
            ) { [weak self] id in
                guard let self else { return }
                app.modal = nil
                if id == "yes" { start(plugin, command, binding) }
            })
    }

    private func start(_ plugin: Plugin, _ command: PluginCommand, _ binding: ObjectBinding?) {
        // The gate may have closed while the question was open.
        if case .disabled(let reason) = Self.availability(plugin, app) { return app.toast("\(plugin.description): \(reason)", .warning) }
        if plugin.isBackground { return startBeside(plugin, command, binding) }
        guard let host = app.host else { return }
        if let failure = host.runInForeground(command, environment: environment) { app.toast("\(plugin.description): \(failure)", .error) }
    }

    /// What programs find besides our own environment.
    private var environment: [String: String] { app.preferences.kubeconfig.map { ["KUBECONFIG": $0] } ?? [:] }

    private func startBeside(_ plugin: Plugin, _ command: PluginCommand, _ binding: ObjectBinding?) {
        guard running.count < Self.maximumRunning else {
            return app.toast("\(plugin.description): \(Self.maximumRunning) programs run already", .warning)
        }
        var ends: [CInt] = [-1, -1]
        let made = pipe(&ends)
        guard made == 0 else { return app.toast("\(plugin.description): \(SystemError.last("pipe"))", .error) }
        let children: [ChildProcess]
        do throws(PluginCommand.Refusal) {
            children = try Program.start(command, input: nil, output: ends[1], errors: ends[1], environment: environment)
        } catch {
            close(ends[0])
            close(ends[1])
            return app.toast("\(plugin.description): \(error.message)", .error)
        }
        close(ends[1])
        next += 1
        let id = next
        running[id] = children
        app.toast("\(plugin.description) runs", .dim)
        let reading = ends[0]
        tasks[id] = Task { [weak self] in
            let result = await KernelThread.run("kdash-plugin") { Self.collect(reading, children) }
            self?.finish(id, plugin, binding, result)
        }
    }

    private struct Result: Sendable {
        var output: [UInt8]
        var isCut: Bool
        var status: Int32
    }

    /// Reads to the end, keeping no more than there is room for, and reaps; blocking.
    private nonisolated static func collect(_ descriptor: CInt, _ children: [ChildProcess]) -> Result {
        var result = Result(output: [], isCut: false, status: 0)
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            let room = maximumOutput - result.output.count
            result.output += buffer[..<min(count, room)]
            if count > room { result.isCut = true }
        }
        close(descriptor)
        for child in children { result.status = (try? child.wait().status) ?? 1 }  // best effort: one that cannot be waited for has failed
        return result
    }

    private func finish(_ id: Int, _ plugin: Plugin, _ binding: ObjectBinding?, _ result: Result) {
        guard running.removeValue(forKey: id) != nil else { return }
        tasks[id] = nil
        let detail = DetailModel(title: plugin.description, binding: binding)
        let text = Self.withoutEscapes(String(decoding: result.output, as: UTF8.self))
        detail.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { [TextSpan(String($0))] }
        if detail.lines.last?.first?.text.isEmpty == true { detail.lines.removeLast() }
        if result.isCut { detail.lines.append([TextSpan("… the rest is left out: only \(Self.maximumOutput >> 20) MiB are kept", .warning)]) }
        if result.status != 0 { detail.lines.append([TextSpan("ended with status \(result.status)", .error)]) }
        last = detail
        if detail.lines.isEmpty { return app.toast("\(plugin.description) has ended", .ok) }
        if app.modal == nil, app.detail == nil, app.inputMode == .browse {
            app.detail = detail
        } else {
            let ended = result.status == 0 ? "has ended" : "ended with status \(result.status)"
            app.toast("\(plugin.description) \(ended); what it said is among the commands", result.status == 0 ? .ok : .error)
        }
    }

    /// Shows again what the last one said.
    func showLast() {
        guard let last else { return app.toast("no plugin has said anything", .dim) }
        app.detail = last
    }

    /// Colours and cursor movements of a program mean nothing in a text.
    nonisolated static func withoutEscapes(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            if scalar != "\u{1B}" {
                if scalar != "\r" { result.append(scalar) }
                continue
            }
            guard let kind = scalars.next() else { break }
            if kind == "[" {
                while let part = scalars.next() { if (0x40...0x7E).contains(part.value) { break } }
            } else if kind == "]" {
                while let part = scalars.next(), part != "\u{07}", part != "\u{9C}" {
                    // ESC \ ends it, too.
                    if part == "\u{1B}" {
                        _ = scalars.next()
                        break
                    }
                }
            }
        }
        return String(result)
    }

    /// Ends those that still run.
    package func stop() {
        for children in running.values {
            for child in children {
                // best effort: one that has ended needs no signal.
                if let handle = try? child.pidfd() { try? ChildProcess.signal(SIGTERM, to: handle) }
            }
        }
        running = [:]
    }
}

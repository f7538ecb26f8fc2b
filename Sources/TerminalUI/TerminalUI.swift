import CNcurses
import Glibc
package import ViewModels

/// What the command line and the environment say about the screen.
package struct TerminalUIOptions: Sendable {
    /// A built-in theme's name, or the path of a theme file; nil chooses by the terminal's colours.
    package var theme: String?
    /// What the environment says about the terminal.
    package var environment: TerminalEnvironment

    /// The choices of the command line.
    package init(theme: String? = nil, environment: TerminalEnvironment = .current) {
        self.theme = theme
        self.environment = environment
    }
}

extension TerminalEnvironment {
    /// From this process's environment.
    package static var current: TerminalEnvironment {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        return TerminalEnvironment(
            term: variable("TERM") ?? "", colorTerm: variable("COLORTERM"), noColor: variable("NO_COLOR"),
            wantsASCII: variable("KDASH_ASCII") != nil)
    }
}

/// Makes the guardian process that gives the terminal back should this one be killed. In `kdash` itself a C constructor has already done it; other
/// programs call it first thing, before any thread exists.
package func startTerminalGuardian() { kd_guardian_start() }

/// Shows the screen until the user quits, on the process's first thread and never from inside a main-actor job: the loop drains the main queue
/// itself. Returns the exit code; problems are printed as one line that says what to do.
@MainActor package func runTerminalUI(app: AppModel, options: TerminalUIOptions = TerminalUIOptions()) -> Int32 {
    let signals = kd_signal_open()
    var named: ThemeSource?
    if let name = options.theme {
        do throws(ThemeError) {
            named = try ThemeLibrary.load(name)
        } catch {
            complain("\(error)")
            return 2
        }
    }
    let terminal: Terminal
    do throws(TerminalProblem) {
        terminal = try Terminal(environment: options.environment)
    } catch {
        complain("\(error)")
        return 2
    }
    let depth = terminal.capabilities.depth
    let theme = named.map { Theme($0, depth: depth) } ?? ThemeLibrary.standard(depth: depth)
    ScreenLoop(app: app, terminal: terminal, theme: theme, signals: signals).run()
    terminal.close()
    close(signals)
    if !app.quitLine.isEmpty { print(app.quitLine) }
    return 0
}

private func complain(_ message: String) {
    let line = Array("kdash: \(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

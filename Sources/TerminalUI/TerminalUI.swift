import CNcurses
import Glibc
package import ViewModels

/// What the command line and the environment say about the screen.
package struct TerminalUIOptions: Sendable {
    /// What the environment says about the terminal.
    package var environment: TerminalEnvironment

    /// The choices of the command line.
    package init(environment: TerminalEnvironment = .current) {
        self.environment = environment
    }
}

extension TerminalEnvironment {
    /// From this process's environment.
    package static var current: TerminalEnvironment {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        return TerminalEnvironment(
            term: variable("TERM") ?? "", colorTerm: variable("COLORTERM"), noColor: variable("NO_COLOR"),
            wantsASCII: variable("KDASH_ASCII") != nil, knowsHyperlinks: HyperlinkSupport.isKnown(term: variable("TERM") ?? "", variable))
    }
}

/// Makes the guardian process that gives the terminal back should this one be killed. In `kdash` itself a C constructor has already done it; other
/// programs call it first thing, before any thread exists.
package func startTerminalGuardian() { kd_guardian_start() }

/// Shows the screen until the user quits, on the process's first thread and never from inside a main-actor job: the loop drains the main queue
/// itself. Returns the exit code; problems are printed as one line that says what to do.
@MainActor package func runTerminalUI(workspace: Workspace, options: TerminalUIOptions = TerminalUIOptions()) -> Int32 {
    let signals = kd_signal_open()
    // A theme that the command line names must be there: the screen would open in another one and not say why before it is too late.
    if let preferences = workspace.app?.preferences, case .named(let name)? = preferences.chosenTheme {
        do throws(ThemeError) {
            _ = try ThemeCatalog(preferences.settings.themes).source(name)
        } catch {
            complain("\(error)")
            return 2
        }
    }
    let terminal: Terminal
    do throws(TerminalProblem) {
        terminal = try Terminal(environment: options.environment, hasMouse: workspace.app?.preferences.hasMouse ?? true)
    } catch {
        complain("\(error)")
        return 2
    }
    ScreenLoop(workspace: workspace, terminal: terminal, signals: signals).run()
    terminal.close()
    close(signals)
    if !workspace.quitLine.isEmpty { print(workspace.quitLine) }
    return 0
}

private func complain(_ message: String) {
    let line = Array("kdash: \(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

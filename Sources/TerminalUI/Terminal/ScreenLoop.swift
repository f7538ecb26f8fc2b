import CNcurses
// Links libdispatch, whose main queue CNcurses drains.
import Dispatch
import Glibc
import LinuxKernel
import ViewModels

/// The one loop: waits for keys, signals and main-actor work in a single poll, drains all of them, then paints at most one frame. Nothing runs when
/// nothing happens.
@MainActor final class ScreenLoop {
    private let workspace: Workspace
    private let desk: Desk
    private let terminal: Terminal
    private let signals: CInt
    private var encoder: FrameEncoder
    private var decoder: InputDecoder
    private var previous: Surface?
    private var pacer = FramePacer()
    private var isDirty = true
    private var hasInput = false
    private var isFirstRead = true
    private var nextChange: Timestamp?
    private var inputDeadline: ContinuousClock.Instant?
    private var isTerminalGone = false
    private var isEnding = false

    init(workspace: Workspace, terminal: Terminal, signals: CInt) {
        self.workspace = workspace
        self.terminal = terminal
        self.signals = signals
        desk = Desk(workspace: workspace, depth: terminal.capabilities.depth, canUnicode: terminal.canUnicode)
        encoder = FrameEncoder(capabilities: terminal.capabilities)
        decoder = InputDecoder(terminfo: terminal.keyStrings)
        workspace.signal.onChange = { [weak self] in self?.isDirty = true }
        desk.onScreen = { [weak self] in self?.serve($0) }
    }

    /// Gives a screen what only this loop can do.
    private func serve(_ screen: Screen) {
        screen.onSuspend = { [weak self] in self?.suspend() }
        screen.onEdit = { [weak self] path, lock in self?.edit(path, holding: lock) }
        screen.onRedraw = { [weak self] in self?.repaintAll() }
        screen.onForeground = { [weak self] in self?.runInForeground($0, environment: $1) }
        screen.onCopy = { [weak self] text in self?.copy(text) }
    }

    /// Runs until the application quits or the terminal goes away.
    func run() {
        while !workspace.isQuitting, !isEnding, !isTerminalGone {
            paintIfDue()
            wait()
        }
    }

    private func wait() {
        var descriptors = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: kd_main_queue_fd(), events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&descriptors, 3, timeout()) >= 0 || errno == EINTR else {
            isTerminalGone = true
            return
        }
        if descriptors[1].revents != 0 { readSignals() }
        if descriptors[0].revents & Int16(POLLIN) != 0 {
            readInput()
        } else if descriptors[0].revents != 0 {
            isTerminalGone = true
        }
        if let deadline = inputDeadline, deadline <= .now {
            inputDeadline = nil
            deliver(decoder.flush())
        }
        if descriptors[2].revents != 0 { kd_main_queue_drain() }
        if let nextChange, nextChange <= workspace.clock() {
            self.nextChange = nil
            isDirty = true
        }
    }

    /// Milliseconds until something is due by itself; -1 for never.
    private func timeout() -> CInt {
        var waits: [Duration] = []
        if isDirty { waits.append(pacer.earliest(afterInput: hasInput).map { ContinuousClock.now.duration(to: $0) } ?? .zero) }
        if let inputDeadline { waits.append(ContinuousClock.now.duration(to: inputDeadline)) }
        if let nextChange { waits.append(nextChange - workspace.clock()) }
        guard let soonest = waits.min() else { return -1 }
        let (seconds, attoseconds) = soonest.components
        guard seconds < 3600 else { return 3_600_000 }
        // Rounded up, or the loop would spin through the last fraction.
        return CInt(max(0, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }

    private func readInput() {
        var events: [InputEvent] = []
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 16384)
        // Everything that is there, so that a held key never runs behind; bounded, so that a flood cannot stop the painting.
        while total < 1 << 20 {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                if count == 0 || errno != EAGAIN { isTerminalGone = true }
                break
            }
            total += count
            events += decoder.feed(Array(buffer[..<count]))
            var more = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&more, 1, 0) == 1, more.revents & Int16(POLLIN) != 0 else { break }
        }
        inputDeadline = decoder.patience.map { .now.advanced(by: $0) }
        deliver(isFirstRead ? events.map(\.fromLineDiscipline) : events)
        isFirstRead = false
    }

    private func deliver(_ events: [InputEvent]) {
        guard !events.isEmpty else { return }
        for case .reply(let reply) in events {
            terminal.accept(reply)
            if case .background(let isLight) = reply, desk.isTerminalLight != isLight {
                desk.isTerminalLight = isLight
                isDirty = true
            }
            encoder.capabilities = terminal.capabilities
            desk.hasBracketedPaste = terminal.hasBracketedPaste
        }
        let people = events.filter { if case .reply = $0 { false } else { true } }
        guard !people.isEmpty else { return }
        hasInput = true
        isDirty = true
        desk.handle(people)
    }

    private func readSignals() {
        while case let number = kd_signal_read(signals), number != 0 {
            switch number {
            case SIGWINCH: repaintAll()
            case SIGTSTP: suspend()
            case SIGCONT: resume()
            case SIGTERM, SIGHUP, SIGQUIT: isEnding = true
            default: break
            }
        }
    }

    private func paintIfDue() {
        guard isDirty else { return }
        if let earliest = pacer.earliest(afterInput: hasInput), earliest > .now { return }
        isDirty = false
        hasInput = false
        let size = terminal.size
        terminal.setMouse(workspace.app?.preferences.hasMouse ?? true)
        if terminal.setLinks(workspace.app?.preferences.links ?? .auto) {
            encoder.capabilities = terminal.capabilities
            previous = nil
        }
        desk.carryOutTypedAhead()
        let (surface, change) = desk.render(width: size.width, height: size.height)
        let bytes = encoder.encode(surface, previous: previous)
        let start = ContinuousClock.now
        isTerminalGone = !terminal.write(bytes) || isTerminalGone
        let now = ContinuousClock.now
        previous = surface
        nextChange = change
        desk.didPaint()
        pacer.painted(bytes: bytes.count, columns: size.width, rows: size.height, at: now, waited: start.duration(to: now))
        // Drawing may write scroll positions back; that is no reason for another frame.
        isDirty = false
    }

    private func repaintAll() {
        previous = nil
        isDirty = true
        hasInput = true
    }

    private func suspend() {
        terminal.close()
        let isStopped = kd_signal_stop_job()
        resume()
        if !isStopped { workspace.app?.toast("no shell to go back to: kdash is not a job of one", .dim) }
    }

    /// A plugin has the terminal until it ends.
    private func runInForeground(_ command: PluginCommand, environment: [String: String]) -> String? {
        terminal.close()
        let failure = ForegroundProgram.run(command, environment: environment)
        resume()
        dropJobSignals()
        return failure
    }

    /// The editor has the terminal as if it were started from the shell, job control included.
    private func edit(_ path: String, holding lock: FileLock?) -> Int32? {
        terminal.close()
        defer { resume() }
        let command = #"exec ${VISUAL:-${EDITOR:-vi}} "$1""#
        do throws(SystemError) {
            // The editor has the lock, too: it may outlive this process.
            let child = try ChildProcess.start(
                "/bin/sh", arguments: ["sh", "-c", command, "sh", path], standardStreams: (0, 1, 2), inherited: lock.map { [$0.descriptor] } ?? [])
            let exit = try child.wait()
            dropJobSignals()
            return exit.status
        } catch {
            workspace.app?.toast("\(error)", .error)
            return nil
        }
    }

    /// What the terminal's keys sent to the whole job while a program had it was meant for that program; a hang-up still ends the screen.
    private func dropJobSignals() {
        while case let number = kd_signal_read(signals), number != 0 {
            if number == SIGTERM || number == SIGHUP { isEnding = true }
        }
    }

    private func resume() {
        terminal.reopen()
        repaintAll()
    }

    /// OSC 52; terminals that do not allow it ignore it.
    private func copy(_ text: String) {
        _ = terminal.write(Array("\u{1B}]52;c;\(Base64.encode(Array(text.utf8)))\u{07}".utf8))
    }
}

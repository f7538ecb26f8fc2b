import Dispatch
import LinuxKernel
import Synchronization

@testable import TerminalUI
@testable import ViewModels

extension FuzzTarget {
    /// The screen under a script: a byte that says what happens and one that says how much of it, then that many bytes of text from a cluster
    /// or of a terminal. After each step the frame is painted on a terminal of our own.
    static let screen = FuzzTarget(
        "screen",
        tokens: [
            "\u{1B}]0;owned\u{7}", "\u{1B}[2J", "\u{1B}[A", "\u{202E}", "日本", "e\u{301}\u{302}\u{303}", "👩‍👩‍👧", "🇩🇪", "❤\u{FE0F}", "\u{FEFF}", "\t", "\r\n",
            "─", "\u{10FFFF}", ":", "/", "?", "g", "z", "\u{1B}", "1", "2", "3", "4", "D", "\n",
        ], bytes: [[0x9B], [0xFF], [0, 0, 0], [0, 250, 200], [0, 0, 8], [1, 1], [2, 4], [3, 9], [4, 4], [5, 3], [6, 3], [7, 3], [8, 3], [9, 9]],
        largest: 2 << 10
    ) {
        { input, seen in
            let before = seen
            seen = try onMainActor {
                var seen = before
                try ScreenRun(input).run(&seen)
                return seen
            }
        }
    }
}

/// Runs something on the main actor and waits: the worker's thread has nothing else to do.
private func onMainActor<Value: Sendable>(_ body: @escaping @MainActor @Sendable () throws -> Value) throws -> Value {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let done = DispatchSemaphore(value: 0)
    Task { @MainActor in
        let found = Result { try body() }
        result.withLock { $0 = found }
        done.signal()
    }
    done.wait()
    guard let found = result.withLock({ $0 }) else { preconditionFailure("the result is there before the signal") }
    return try found.get()
}

/// One script from an empty screen on.
@MainActor private final class ScreenRun {
    private static let now = Timestamp(seconds: 1_767_225_600)
    /// Cells drawn in one run: a large screen is drawn a few times, a small one often.
    private var budget = 20_000
    private var rest: ArraySlice<UInt8>
    private let app = AppModel(clock: { ScreenRun.now })
    private let workspace: Workspace
    private let desk: Desk
    private var decoder = InputDecoder()
    private var encoder = FrameEncoder(capabilities: OutputCapabilities(depth: .truecolor, hasBackgroundErase: true, hasSynchronizedOutput: true))
    private var size = (width: 80, height: 24)
    private var terminal = Emulator(width: 80, height: 24, depth: .truecolor)
    private var previous: Surface?

    init(_ input: [UInt8]) {
        rest = input[...]
        workspace = Workspace(app: app)
        desk = Desk(workspace: workspace, depth: .truecolor, canUnicode: true)
        desk.hasBracketedPaste = true
        app.connection = .ready
    }

    func run(_ seen: inout Observation) throws {
        repeat {
            let kind = (rest.popFirst() ?? 1) % 11
            let amount = Int(rest.popFirst() ?? 0)
            if kind == 0 { resize(amount, Int(rest.popFirst() ?? 0)) } else { happen(kind, take(amount)) }
            seen.note("step \(kind) \(app.inputMode) \(app.focus) \(app.modal == nil) \(app.prompt == nil) \(app.detail == nil)")
            try paint()
            seen.note("toasts", app.toasts.count)
        } while !rest.isEmpty && budget > 0 && !app.isQuitting
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// Mostly sizes that people have; the largest numbers are the largest size.
    private func resize(_ columns: Int, _ rows: Int) {
        size = (columns < 250 ? 1 + columns % 140 : 500, rows < 200 ? 1 + rows % 50 : 200)
        terminal.resize(width: size.width, height: size.height)
        previous = nil
    }

    private func happen(_ kind: UInt8, _ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        switch kind {
        case 1: desk.handle(decoder.feed(bytes) + decoder.flush())
        case 2:
            let row = PodRow(
                uid: text, namespace: text, name: text, readyCount: bytes.count, containerCount: 1, status: text, tone: .error, restarts: Int(bytes.first ?? 0),
                createdAt: Self.now, node: text, ip: text, cpu: Usage(used: 1, unit: .milliCPU), memory: Usage(unit: .bytes))
            app.pods.upsert([row], now: Self.now)
        case 3: app.logs.append(bytes.split(separator: 0x0A).map { LogLine(timestamp: Self.now, isError: $0.count % 2 == 0, bytes: $0) })
        case 4: app.logs.append([LogLine(timestamp: nil, bytes: [], gap: text)])
        case 5: app.editor.insert(text)
        case 6: app.toast(text, .warning)
        case 7:
            let detail = DetailModel(title: text, binding: nil)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { [TextSpan(String($0), .accent)] }
            detail.show(lines, stops: lines.indices.filter { $0 % 2 == 1 }.map { DetailStop(line: $0, id: "\($0)") })
            app.detail = detail
        case 8:
            let items = text.split(separator: "\n").map { PaletteItem(id: String($0), title: String($0), detail: text, keys: text) }
            app.modal = .palette(PaletteModel(title: text, placeholder: text, items: items) { [app] _ in app.modal = nil })
        case 9: shell(bytes)
        default:
            let binding = ObjectBinding(context: text, namespace: text, kind: text, name: text, uid: text)
            app.modal = .dialog(
                DialogModel(
                    title: text, body: [[TextSpan(text)]], binding: binding,
                    choices: [DialogChoice(id: "n", title: text, key: "n"), DialogChoice(id: "y", title: "y", key: "y", isDestructive: true)],
                    defaultChoice: 0, typedName: bytes.count % 2 == 0 ? nil : text
                ) { [app] _ in app.modal = nil })
        }
    }

    /// A container writes to the newest shell, which is opened in a tab or beside what is shown, or the shell is closed.
    private func shell(_ bytes: [UInt8]) {
        let open = workspace.tabs.flatMap(\.tree.splits).filter { workspace.split($0)?.shell != nil }.max()
        if bytes.isEmpty {
            if let open { workspace.remove(open) }
            return
        }
        if let open { return workspace.split(open)?.shell?.receive(bytes) ?? () }
        let model = ShellModel(
            binding: ObjectBinding(context: "c", namespace: "n", kind: "Pod", name: "p", uid: "u"), container: "main", context: app.context)
        _ = workspace.open(model, isBeside: bytes.count % 2 == 0, run: {})
        model.receive(bytes)
    }

    private func paint() throws {
        budget -= size.width * size.height
        let surface = desk.render(width: size.width, height: size.height).surface
        try Violation.unless(surface.width == size.width && surface.height == size.height, "a frame has the size of the terminal")
        let bytes = encoder.encode(surface, previous: previous)
        try checkBytes(bytes)
        terminal.feed(bytes)
        try Violation.unless(terminal.takeAnswers().isEmpty, "a frame asks the terminal nothing")
        if let place = firstDifference(surface) {
            throw Violation(
                rule: "the terminal shows what was drawn", detail: "\(place) of \(size): \(terminal.surface[place.x, place.y]) for \(surface[place.x, place.y])"
            )
        }
        previous = surface
        desk.didPaint()
    }

    /// A frame has glyphs, moves, looks and modes, and nothing else.
    private func checkBytes(_ bytes: [UInt8]) throws {
        for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x7F {
            let isOurs = byte == 0x0D || byte == 0x0A || byte == 0x1B && index + 1 < bytes.count && bytes[index + 1] == 0x5B
            try Violation.unless(isOurs, "a frame has no control but our own", "\(byte) before \(bytes[index...].prefix(8))")
        }
    }

    /// The first cell that looks otherwise; the colour of what is not drawn cannot be seen.
    private func firstDifference(_ wanted: Surface) -> (x: Int, y: Int)? {
        func isBlank(_ cell: Cell) -> Bool { cell.glyph == 0x20 && cell.style.attributes.isDisjoint(with: [.underline, .reverse, .strike]) }
        for y in 0..<wanted.height {
            for x in 0..<wanted.width {
                let (a, b) = (terminal.surface[x, y], wanted[x, y])
                let isSame = a == b || isBlank(a) && isBlank(b) && a.style.background == b.style.background && a.width == b.width
                if !isSame { return (x, y) }
            }
        }
        return nil
    }
}

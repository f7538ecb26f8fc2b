import KubeClient
import LinuxKernel
import Testing

@testable import TerminalUI
@testable import ViewModels

/// The whole application without a terminal: a session on a server in memory, the real screen, keys written as the key table writes them, and a
/// clock that stands until a test moves it. Every key is handled alone, and the next one comes when what it began is at rest and painted.
@MainActor final class HeadlessApplication {
    let fixture: Fixture
    private let screen: Screen
    /// Columns and rows.
    var size = (width: 120, height: 40)
    private var changes = 0

    /// The screen of a fixture's application, or of another one on its clock.
    init(_ fixture: Fixture, of app: AppModel? = nil) {
        self.fixture = fixture
        screen = Screen(app: app ?? fixture.app, theme: ThemeLibrary.standard(depth: .truecolor), glyphs: .unicode)
        screen.hasBracketedPaste = true
        (app ?? fixture.app).signal.onChange = { [weak self] in self?.changes += 1 }
    }

    /// Runs a test with an application whose cluster has these pods.
    static func with(pods: [String] = ["web-1", "web-2"], _ body: (HeadlessApplication) async throws -> Void) async throws {
        try await Fixture.with(pods: pods) { fixture in
            fixture.server.putDiscovery()
            let application = HeadlessApplication(fixture)
            try await application.expect("web-1")
            try await body(application)
        }
    }

    /// Presses keys, such as `g d`, `ctrl-d` or `"text"` for every letter of a text.
    func press(_ keys: String) async throws {
        for word in keys.split(separator: " ") {
            let isText = word.hasPrefix("\"") && word.hasSuffix("\"") && word.count > 2
            for key in isText ? word.dropFirst().dropLast().map({ Key.typed($0) }) : [Self.key(word)] {
                screen.handle([.key(key)])
                try await rest()
                paint()
            }
        }
    }

    /// Gives keys that came in one read, from a terminal that may not bracket pastes.
    func burst(_ text: String) async throws {
        screen.hasBracketedPaste = false
        screen.handle(text.map { .key($0 == "\n" ? Key("enter") : .typed($0)) })
        try await rest()
        paint()
    }

    /// Clicks where the frame shows a text.
    func click(_ text: String) async throws {
        let rows = paint().split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
        let wanted = Array(text)
        func place(in row: [Character]) -> Int? { row.indices.first { row[$0...].starts(with: wanted) } }
        guard let y = rows.firstIndex(where: { place(in: $0) != nil }), let x = place(in: rows[y]) else {
            Issue.record("\(text) is not on the screen")
            return
        }
        screen.handle([.mouse(MouseEvent(kind: .press, button: .left, x: x, y: y, modifiers: []))])
        try await rest()
        paint()
    }

    /// Pastes a text, as a terminal with bracketed paste does.
    func paste(_ text: String) async throws {
        screen.handle([.paste(text)])
        try await rest()
        paint()
    }

    /// Waits until the frame shows every text; the frame is in the failure.
    func expect(_ texts: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
        do {
            try await fixture.until("\(texts) on the screen", { texts.allSatisfy { self.paint().contains($0) } }, sourceLocation: sourceLocation)
        } catch {
            Issue.record("the frame:\n\(paint())", sourceLocation: sourceLocation)
            throw error
        }
    }

    /// Whether the frame shows a text now.
    func shows(_ text: String) -> Bool { paint().contains(text) }

    /// Lets time pass on the application's clock, and all that waited for it happen.
    func pass(_ time: Duration) async throws {
        fixture.time.advance(by: time)
        try await rest()
    }

    /// Draws a frame as if it reached a terminal, and returns its text.
    @discardableResult
    func paint() -> String {
        let rest = screen.carryOutTypedAhead()
        if !rest.isEmpty { Issue.record("the only screen left \(rest) for another") }
        let surface = screen.render(width: size.width, height: size.height).surface
        screen.didPaint()
        return (0..<size.height).map { surface.text(row: $0) }.joined(separator: "\n")
    }

    /// The barrier: returns once nothing has changed for a while: no request, no sleeper on the clock, nothing visible. The clock stands.
    private func rest() async throws {
        var last = state
        var since = ContinuousClock.now
        var calm = 0
        let deadline = since + .seconds(30)
        while calm < 200 || ContinuousClock.now - since < .milliseconds(4) {
            await Task.yield()
            calm += 1
            guard state != last else { continue }
            (last, since, calm) = (state, .now, 0)
            guard since < deadline else {
                Issue.record("the application does not come to rest: \(last)")
                return
            }
        }
    }

    private var state: [Int] { [changes, fixture.server.requests.count, fixture.time.sleeperCount] }

    private static func key(_ name: Substring) -> Key {
        var rest = name
        var modifiers: Key.Modifiers = []
        for (prefix, modifier) in [("ctrl-", Key.Modifiers.control), ("alt-", .alternate), ("shift-", .shift)] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
            modifiers.insert(modifier)
        }
        var key = rest == "space" ? Key.typed(" ") : rest.count == 1 ? rest.first.map { Key.typed($0) } ?? Key("") : Key(String(rest))
        key.modifiers = modifiers
        return key
    }
}

import LinuxKernel
import TestSupport
import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct FrameEncoderTests {
    /// The first difference that can be seen; the colour of an invisible glyph cannot.
    private func difference(_ actual: Surface, _ expected: Surface) -> String? {
        func isBlank(_ cell: Cell) -> Bool {
            cell.glyph == 0x20 && cell.style.attributes.isDisjoint(with: [.underline, .reverse, .strike])
        }
        for y in 0..<expected.height {
            for x in 0..<expected.width {
                let (a, b) = (actual[x, y], expected[x, y])
                if a == b || isBlank(a) && isBlank(b) && a.style.background == b.style.background && a.width == b.width { continue }
                return "(\(x), \(y)): \(a) instead of \(b) in \(expected.text(row: y)), shown \(actual.text(row: y))"
            }
        }
        return nil
    }

    private func randomSurface(_ random: inout SeededGenerator, width: Int, height: Int, from old: Surface?) -> Surface {
        let styles = [
            Style.plain, Style(foreground: .rgb(200, 100, 0), background: .rgb(20, 20, 20)),
            Style(foreground: .index(3), attributes: .bold),
            Style(background: .index(200), attributes: [.reverse, .underline]),
            Style(foreground: .index(9), background: .index(12), attributes: [.dim, .italic]),
        ]
        var surface = old ?? Surface(width: width, height: height, style: styles[1])
        for _ in 0..<Int(random.next() % 12) {
            let style = styles[Int(random.next() % UInt64(styles.count))]
            let x = Int(random.next() % UInt64(width))
            let y = Int(random.next() % UInt64(height))
            if random.next() % 4 == 0 {
                surface.fill(Rect(x: x, y: y, width: Int(random.next() % 20), height: 2), style: style)
            } else {
                surface.put(random.hostileText(6), x: x, y: y, style: style)
            }
        }
        surface.cursor = (Int(random.next() % UInt64(width)), Int(random.next() % UInt64(height)))
        surface.isCursorVisible = random.next() % 2 == 0
        return surface
    }

    @Test(arguments: [false, true]) func `the terminal shows what was painted, frame after frame`(hasBackgroundErase: Bool) {
        var random = SeededGenerator(seed: hasBackgroundErase ? 1 : 2)
        for _ in 0..<40 {
            let width = 5 + Int(random.next() % 40)
            let height = 2 + Int(random.next() % 10)
            var encoder = FrameEncoder(
                capabilities: OutputCapabilities(depth: .truecolor, hasBackgroundErase: hasBackgroundErase, hasSynchronizedOutput: true))
            var emulator = Emulator(width: width, height: height, depth: .truecolor)
            var previous: Surface?
            for _ in 0..<8 {
                let next = randomSurface(&random, width: width, height: height, from: previous)
                emulator.feed(encoder.encode(next, previous: previous))
                #expect(difference(emulator.surface, next) == nil)
                #expect(emulator.surface.cursor == next.cursor)
                #expect(emulator.surface.isCursorVisible == next.isCursorVisible)
                previous = next
            }
        }
    }

    @Test func `a terminal that is not UTF-8 gets ASCII only`() {
        var capabilities = OutputCapabilities(depth: .sixteen)
        capabilities.hasUnicode = false
        var encoder = FrameEncoder(capabilities: capabilities)
        var surface = Surface(width: 12, height: 1)
        surface.put("a日é─b", x: 0, y: 0, style: .plain)
        var emulator = Emulator(width: 12, height: 1, depth: .sixteen)
        emulator.feed(encoder.encode(surface, previous: nil))
        #expect(emulator.surface.text(row: 0) == "a? ??b")
    }

    @Test func `an unchanged screen costs no byte`() {
        let screen = FakeCluster.screen(FakeCluster.app())
        var encoder = FrameEncoder(capabilities: OutputCapabilities(depth: .truecolor))
        let first = screen.render(width: 120, height: 40).surface
        #expect(!encoder.encode(first, previous: nil).isEmpty)
        #expect(encoder.encode(screen.render(width: 120, height: 40).surface, previous: first).isEmpty)
    }

    @Test func `frames are bracketed by synchronized output only where it is known`() {
        let surface = Surface(width: 3, height: 1)
        for isKnown in [false, true] {
            var encoder = FrameEncoder(capabilities: OutputCapabilities(depth: .mono, hasSynchronizedOutput: isKnown))
            let text = String(decoding: encoder.encode(surface, previous: nil), as: UTF8.self)
            #expect(text.hasPrefix("\u{1B}[?2026h") == isKnown)
            #expect(text.hasSuffix("\u{1B}[?2026l") == isKnown)
        }
    }

    @Test func `moving the cursor one row stays within a few hundred bytes`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        var encoder = FrameEncoder(capabilities: OutputCapabilities(depth: .truecolor))
        app.logs.isFollowing = false
        let before = screen.render(width: 120, height: 40).surface
        app.pods.moveSelection(by: 1)
        #expect(encoder.encode(screen.render(width: 120, height: 40).surface, previous: before).count < 1400)
    }

    @Test func `no text from the cluster becomes anything but glyphs`() {
        let app = FakeCluster.app()
        var random = SeededGenerator(seed: 99)
        let screen = FakeCluster.screen(app)
        for _ in 0..<30 {
            app.pods.upsert(
                [FakeCluster.pod("evil", random.hostileText(4), random.hostileText(12), random.hostileText(3))], now: FakeCluster.now)
            app.logs.append([
                LogLine(timestamp: nil, bytes: ArraySlice(Array(random.hostileText(40).utf8))),
                LogLine(timestamp: nil, bytes: [], gap: random.hostileText(5)),
            ])
            app.editor.insert(random.hostileText(5))
            app.toast(random.hostileText(8), .error)
            app.context.name = random.hostileText(3)
            var encoder = FrameEncoder(capabilities: OutputCapabilities(depth: .truecolor))
            let bytes = encoder.encode(screen.render(width: 120, height: 40).surface, previous: nil)
            var parser = EmulatorParser()
            parser.feed(bytes) { action in
                switch action {
                case .print(let character):
                    #expect(
                        SafeGlyph(character) != .replacement || character == "\u{FFFD}" || SafeGlyph.isMark(character.unicodeScalars.first!)
                    )
                case .control(let byte): #expect(byte == 0x0D || byte == 0x0A)
                case .escape: Issue.record("an escape sequence that is no CSI")
                case .csi(_, _, let intermediate, let final):
                    #expect(intermediate == nil)
                    #expect("mHCKJhl".unicodeScalars.contains(Unicode.Scalar(final)))
                }
            }
            #expect(!bytes.contains(0x07))
        }
    }

    @Test func `a thousand changes a second stay within 64 kB a second on 80x24`() {
        let app = FakeCluster.app()
        var moment = FakeCluster.now
        app.clock = { moment }
        let screen = FakeCluster.screen(app)
        var encoder = FrameEncoder(capabilities: OutputCapabilities(depth: .truecolor, hasBackgroundErase: true))
        var pacer = FramePacer()
        var previous: Surface?
        var bytes: [Int] = []
        var random = SeededGenerator(seed: 3)
        let start = ContinuousClock.now
        for millisecond in 0..<4000 {
            moment = FakeCluster.now.advanced(by: .milliseconds(millisecond))
            let uid = "p\(random.next() % 7)"
            if var pod = app.pods.pod(uid: uid) {
                pod.restarts = Int(random.next() % 100)
                app.pods.upsert([pod], now: moment)
            }
            app.logs.append([FakeCluster.line("line \(random.next() % 1_000_000_007) of a busy log \(random.next())")])
            let now = start.advanced(by: .milliseconds(millisecond))
            if let earliest = pacer.earliest(afterInput: false), earliest > now { continue }
            let surface = screen.render(width: 80, height: 24).surface
            let frame = encoder.encode(surface, previous: previous)
            previous = surface
            pacer.painted(bytes: frame.count, columns: 80, rows: 24, at: now)
            while bytes.count <= millisecond / 1000 { bytes.append(0) }
            bytes[millisecond / 1000] += frame.count
        }
        for second in bytes.dropFirst() { #expect(second <= 64_000) }
    }
}

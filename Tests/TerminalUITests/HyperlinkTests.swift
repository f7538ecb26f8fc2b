import Testing
import ViewModels

@testable import TerminalUI

@MainActor struct HyperlinkTests {
    private func addresses(_ text: String, width: Int = 80) -> [String] {
        var surface = Surface(width: width, height: 1)
        surface.put(text, x: 0, y: 0, style: .plain)
        return Hyperlinks.links(surface, row: 0).map { String(decoding: $0.address, as: UTF8.self) }
    }

    @Test(arguments: [
        ("see https://example.com/a?b=c#d and", ["https://example.com/a?b=c#d"]),
        ("(http://a.example:8080/x). \"https://b.example\", <http://[::1]/>", ["http://a.example:8080/x", "https://b.example", "http://[::1]/"]),
        ("https://en.example/wiki/A_(b) x", ["https://en.example/wiki/A_(b)"]), ("日本 https://example.com/ 語", ["https://example.com/"]),
        ("no links: ftp://a.b/ file:///etc/passwd javascript://x data://y://z", []), ("xhttp://example.com/ HTTP://example.com/ http:// http://. ", []),
        ("https://bank.example@evil.example/ and https://a:b@c.d/ stay texts", []), ("https://a.example/@user stays", ["https://a.example/@user"]),
        ("cut https://example.com/long… or https://example.com/fra│me or https://e.x|", []), ("https://example.com/日本 is cut", []),
    ])
    func `only what stands whole on the screen is a link`(text: String, found: [String]) { #expect(addresses(text) == found) }

    @Test func `what reaches the edge may go on elsewhere, and is no link`() {
        for width in 20...24 { #expect(addresses("https://example.com/abc", width: width).isEmpty) }
        #expect(addresses("https://example.com/abc", width: 26) == ["https://example.com/abc"])
    }

    @Test func `controls never reach an address, and its length is bounded`() {
        #expect(addresses("https://a.example/\u{1B}]8;;http://evil.example/\u{7}x y").allSatisfy { !$0.utf8.contains { $0 < 0x21 || $0 > 0x7E } })
        #expect(addresses("https://a.example/\(String(repeating: "a", count: 3000)) x", width: 4000).isEmpty)
    }

    @Test func `links are written around their text, and the screen stays what was painted`() {
        var capabilities = OutputCapabilities(depth: .truecolor)
        capabilities.hasHyperlinks = true
        var encoder = FrameEncoder(capabilities: capabilities)
        var emulator = Emulator(width: 60, height: 2, depth: .truecolor)
        var previous: Surface?
        func frame(_ text: String) -> String {
            var surface = Surface(width: 60, height: 2)
            surface.put(text, x: 0, y: 1, style: .plain)
            let bytes = encoder.encode(surface, previous: previous)
            emulator.feed(bytes)
            previous = surface
            #expect(emulator.surface.text(row: 1) == text)
            return String(decoding: bytes, as: UTF8.self)
        }
        let first = frame("at https://example.com/a now")
        #expect(first.contains(";https://example.com/a\u{1B}\\https://example.com/a\u{1B}]8;;\u{1B}\\"))
        #expect(frame("at https://example.com/a now").isEmpty)
        // A longer address is another one for the whole text of it.
        #expect(frame("at https://example.com/ab now").contains(";https://example.com/ab\u{1B}\\https://example.com/ab\u{1B}]8;;\u{1B}\\"))
        // Text that is no link any more is written again without one.
        let plain = frame("at https://example.com/ab…")
        #expect(plain.contains("https://example.com/ab") && !plain.contains("]8;id"))
        encoder.capabilities.hasHyperlinks = false
        #expect(!frame("at https://example.com/c now").contains("]8;"))
    }

    @Test(
        arguments: [
            (["TERM_PROGRAM": "iTerm.app"], "xterm-256color", true), (["VTE_VERSION": "6800"], "xterm-256color", true),
            (["VTE_VERSION": "4600"], "xterm-256color", false), (["TMUX": "x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.4"], "tmux-256color", true),
            (["TMUX": "x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3a", "VTE_VERSION": "6800"], "tmux-256color", false),
            (["STY": "1", "VTE_VERSION": "6800"], "screen", false), ([:], "xterm-256color", false), ([:], "linux", false), ([:], "foot", true),
            ([:], "xterm-kitty", true), (["KONSOLE_VERSION": "220401"], "xterm-256color", true), (["KONSOLE_VERSION": "x"], "xterm", false), ([:], "", false),
        ] as [([String: String], String, Bool)])
    func `only terminals that are known to understand links get them by themselves`(variables: [String: String], term: String, isKnown: Bool) {
        #expect(HyperlinkSupport.isKnown(term: term) { variables[$0] } == isKnown)
    }
}

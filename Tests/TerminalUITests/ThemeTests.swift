import Glibc
import Testing

@testable import TerminalUI

@MainActor @Suite struct ThemeTests {
    @Test func `every file of themes is embedded as it is`() {
        var files: Set<String> = []
        let folder = opendir(GoldenScreen.root + "/themes")
        while let entry = folder.flatMap({ readdir($0) }) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name.hasSuffix(".theme") { files.insert(String(name.dropLast(6))) }
        }
        if let folder { closedir(folder) }
        #expect(files == Set(ThemeLibrary.embedded.map(\.name)))
        for (name, text) in ThemeLibrary.embedded {
            #expect(GoldenScreen.read(GoldenScreen.root + "/themes/\(name).theme") == text, "\(name)")
        }
    }

    @Test(arguments: [
        ("name X\nstyles\n  text fg=nope", 3, "the palette has no colour nope"),
        ("name X\npalette\n  a blue 1 red", 3, "blue is not a colour like #6cb6ff, or default"),
        ("name X\npalette\n  a #123456 256 red", 3, "256 is not an index from 0 to 255, or default"),
        ("name X\npalette\n  a #123456 1 pink", 3, "pink is not one of"),
        ("name X\npalette\n  a #123456 1", 3, "a palette line is: name #rrggbb index-of-256 name-of-16"),
        ("name X\npalette\n  a #123456 1 red\n  a #123456 1 red", 4, "the colour a is defined twice"),
        ("name X\nstyles\n  nothing.like.it bold", 3, "nothing.like.it is not a scope"),
        ("name X\nstyles\n  text bold\n  text bold", 4, "text is styled twice"),
        ("name X\nstyles\n  text shiny", 3, "shiny is not fg=, bg=, mono= or an attribute"),
        ("name X\n  text bold", 2, "an indented line belongs under palette or styles"),
        ("name X\ncolours", 2, "expected name, inherits, palette or styles"),
        ("name X\ninherits elsewhere", 2, "there is no theme named elsewhere"),
        ("name X\nname Y", 2, "name appears twice"), ("# nothing", 1, "the theme has no name line"),
    ])
    func `a bad theme is refused with its line`(text: String, line: Int, message: String) {
        do throws(ThemeError) {
            _ = try ThemeParser.parse(text, file: "x.theme") { _ in nil }
            Issue.record("accepted")
        } catch {
            #expect(error.line == line)
            #expect(error.message.hasPrefix(message), "\(error.message)")
        }
    }

    @Test func `a scope without an entry takes its parent's look`() throws {
        let text =
            "name X\npalette\n  r #ff0000 9 red\n  b #000000 0 black\nstyles\n  text fg=b\n  status fg=r # why\n  status.error bold mono=reverse"
        let source = try ThemeParser.parse(text, file: "x") { _ in nil }
        #expect(Theme(source, depth: .truecolor)[.statusError] == Style(foreground: .rgb(255, 0, 0), attributes: .bold))
        #expect(Theme(source, depth: .sixteen)[.statusError] == Style(foreground: .index(1), attributes: .bold))
        #expect(Theme(source, depth: .mono)[.statusError] == Style(attributes: .reverse))
        #expect(Theme(source, depth: .truecolor)[.paneTitle] == Style(foreground: .rgb(0, 0, 0)))
    }

    @Test func `a theme may build on another`() throws {
        let source = try ThemeParser.parse("name Mine\ninherits dark\nstyles\n  status.ok bold", file: "m") { ThemeLibrary.builtin($0) }
        #expect(Theme(source, depth: .truecolor)[.statusOK].attributes == .bold)
        #expect(Theme(source, depth: .truecolor)[.statusError] == ThemeLibrary.standard(depth: .truecolor)[.statusError])
    }

    @Test(arguments: ["dark"]) func `what has to be read has enough contrast`(name: String) throws {
        let theme = Theme(try #require(ThemeLibrary.builtin(name)), depth: .truecolor)
        func luminance(_ color: Color) -> Double {
            guard case .rgb(let red, let green, let blue) = color.value else { return 0 }
            func part(_ value: UInt8) -> Double {
                let share = Double(value) / 255
                return share <= 0.03928 ? share / 12.92 : power((share + 0.055) / 1.055)
            }
            return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
        }
        // x^2.4 as x^2 * x^0.4, with the fifth root by Newton.
        func power(_ x: Double) -> Double {
            var root = 1.0
            for _ in 0..<60 { root -= (root * root * root * root * root - x * x) / (5 * root * root * root * root) }
            return x * x * root
        }
        for scope in Scope.allCases
        where ![.faint, .paneRule, .gauge, .gaugeTrack, .scrollbar, .popupBorder, .popupDisabled, .statusDone, .gutter].contains(scope) {
            let style = theme[scope]
            guard case .rgb = style.background.value, case .rgb = style.foreground.value else { continue }
            let (a, b) = (luminance(style.foreground), luminance(style.background))
            let ratio = (max(a, b) + 0.05) / (min(a, b) + 0.05)
            #expect(ratio >= (style.foreground == theme[.faint].foreground ? 2.5 : 4.5), "\(scope.rawValue) has \(ratio)")
        }
    }

    @Test(
        arguments: [
            ("1", "truecolor", "xterm-256color", 256, ColorDepth.mono), (nil, "truecolor", "xterm-256color", 256, .truecolor),
            ("", "24bit", "xterm", 8, .truecolor), (nil, nil, "xterm-256color", 256, .indexed), (nil, nil, "xterm", 8, .sixteen),
            (nil, nil, "vt100", -1, .mono),
            (nil, nil, "xterm-direct", 0, .truecolor),
        ] as [(String?, String?, String, Int, ColorDepth)])
    func `the colour depth follows NO_COLOR, COLORTERM and terminfo`(
        noColor: String?, colorTerm: String?, term: String, colors: Int, expected: ColorDepth
    ) {
        #expect(ColorDepth.detect(noColor: noColor, colorTerm: colorTerm, term: term, terminfoColors: colors) == expected)
    }
}

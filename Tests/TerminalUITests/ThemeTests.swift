import Glibc
import LinuxKernel
import Testing
import ViewModels

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
        ("name X\ncolours", 2, "expected name, inherits, background, pair, glyphs, palette, styles"),
        ("name X\ninherits elsewhere", 2, "there is no theme named elsewhere"),
        ("name X\nbackground blue", 2, "blue is not dark, light or any"), ("name X\npalette\ninherits dark", 3, "inherits stands above"),
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

    @Test func `what builds on a theme may name other colours for it`() throws {
        let text = "name Mine\ninherits dark\nbackground light\npalette\n  red #010203 16 black\n"
        let source = try ThemeParser.parse(text, file: "m") { ThemeLibrary.builtin($0) }
        #expect(Theme(source, depth: .truecolor)[.statusError].foreground == .rgb(1, 2, 3))
        #expect(source.ground == .light)
    }

    @Test func `the user's themes build on each other and may replace a built-in one`() throws {
        let catalog = ThemeCatalog([
            .init(name: "dark", path: "/t/dark.theme", text: "name Darker\ninherits dark\nstyles\n  status.ok bold"),
            .init(name: "mine", path: "/t/mine.theme", text: "name Mine\ninherits dark"),
            .init(name: "loop", path: "/t/loop.theme", text: "name Loop\ninherits pool"),
            .init(name: "pool", path: "/t/pool.theme", text: "name Pool\ninherits loop"),
            .init(name: "bad", path: "/t/bad.theme", text: "name Bad\nstyles\n  statsu.ok bold"),
        ])
        #expect(try catalog.source("mine").name == "Mine")
        #expect(Theme(try catalog.source("mine"), depth: .truecolor)[.statusOK].attributes == .bold)
        #expect(catalog.summaries.first?.title == "Darker")
        #expect(Set(catalog.problems.map(\.file)) == ["/t/bad.theme", "/t/loop.theme", "/t/pool.theme"], "\(catalog.problems)")
        #expect(catalog.problems.contains { $0.line == 3 && $0.message == "statsu.ok is not a scope; did you mean status.ok?" })
        #expect(throws: ThemeError.self) { try catalog.source("dakr") }
    }

    private static let decoration: Set<Scope> = [.paneRule, .gaugeTrack, .scrollbar, .popupBorder, .paneRuleFocused]
    /// What nobody has to read: inactive and finished things.
    private static let quiet: Set<Scope> = [.faint, .popupDisabled, .statusDone, .yamlNull, .paneTab]
    nonisolated private static let coloured = ThemeLibrary.embedded.map(\.name).filter { $0 != "sixteen" && $0 != "mono" }

    @Test(arguments: coloured) func `what has to be read has enough contrast`(name: String) throws {
        let theme = Theme(try #require(ThemeLibrary.builtin(name)), depth: .truecolor)
        for scope in Scope.allCases where !Self.decoration.contains(scope) {
            let ratio = ColorScience.contrast(theme[scope].foreground, theme[scope].background)
            #expect(ratio >= 4.5, "\(scope.rawValue) has \(ratio)")
        }
        let grounds: [Scope] = [.tableCursor, .tableCursorFocused, .popup, .popupSelected, .bar, .editorLine, .editorSelection]
        let marks: [Scope] = [.text, .dim, .faint, .accent, .statusOK, .statusPending, .statusWarning, .statusError, .statusDone, .popupKey, .popupMatch]
        for ground in grounds {
            for mark in marks {
                let ratio = ColorScience.contrast(theme[mark].foreground, theme[ground].background)
                #expect(ratio >= (Self.quiet.contains(mark) ? 3 : 4.5), "\(mark.rawValue) on \(ground.rawValue) has \(ratio)")
            }
        }
    }

    @Test(arguments: ["contrast", "contrast-light"]) func `high contrast means 7 to 1`(name: String) throws {
        let theme = Theme(try #require(ThemeLibrary.builtin(name)), depth: .truecolor)
        for scope in [Scope.text, .dim, .faint, .accent, .statusOK, .statusWarning, .statusError, .tableHeader, .popup, .bar, .log, .yamlKey] {
            #expect(ColorScience.contrast(theme[scope].foreground, theme[scope].background) >= 7, "\(scope.rawValue)")
        }
    }

    @Test(arguments: ["deuteranopia", "deuteranopia-light", "tritanopia", "tritanopia-light"])
    func `states stay apart for eyes that see fewer colours`(name: String) throws {
        let theme = Theme(try #require(ThemeLibrary.builtin(name)), depth: .truecolor)
        let vision = name.hasPrefix("deuter") ? ColorScience.deuteranopia : ColorScience.tritanopia
        let pairs: [(Scope, Scope)] = [(.statusOK, .statusError), (.statusOK, .statusWarning), (.statusWarning, .statusError), (.diffAdd, .diffRemove)]
        for (a, b) in pairs {
            let distance = ColorScience.distance(theme[a].foreground, theme[b].foreground, as: vision)
            #expect(distance > 0.2, "\(a.rawValue) and \(b.rawValue): \(distance)")
        }
    }

    @Test(arguments: [ColorDepth.truecolor, .mono]) func `the monochrome theme uses no colour and no sign beyond ASCII`(depth: ColorDepth) throws {
        let source = try #require(ThemeLibrary.builtin("mono"))
        let theme = Theme(source, depth: depth)
        #expect(source.isASCII)
        for scope in Scope.allCases {
            #expect(theme[scope].foreground == .terminal && theme[scope].background == .terminal, "\(scope.rawValue)")
        }
        #expect(theme[.statusError].attributes != theme[.text].attributes)
        #expect(theme[.tableCursorFocused].attributes.contains(.reverse))
    }

    @Test func `pairs name each other`() throws {
        for name in Self.coloured {
            let source = try #require(ThemeLibrary.builtin(name))
            let pair = try #require(source.pair.flatMap(ThemeLibrary.builtin))
            #expect(pair.pair == name && pair.ground != source.ground)
        }
    }

    @Test func `the theme follows the terminal's background, the settings and the choice`() {
        let app = AppModel(clock: { Timestamp(seconds: 0) })
        let appearance = Appearance(app: app, depth: .truecolor, canUnicode: true)
        func base() -> Color? { appearance.change()?.theme[.text].background }
        let look = { (name: String) in Theme(ThemeLibrary.builtin(name)!, depth: .truecolor)[.text].background }
        #expect(base() == look("dark"))
        #expect(base() == nil)
        appearance.isTerminalLight = true
        #expect(base() == look("light"))
        app.preferences.chosenTheme = .named("contrast")
        #expect(base() == look("contrast"))
        app.preferences.previewedTheme = .named("mono")
        #expect(appearance.change()?.glyphs.hasLines == false)
        app.preferences.previewedTheme = nil
        app.preferences.chosenTheme = .named("nothing")
        #expect(base() == look("light"))
        #expect(app.preferences.problems.count == 1)
        app.preferences.glyphs = .ascii
        app.preferences.chosenTheme = nil
        #expect(appearance.change()?.glyphs.hasLines == false)
        #expect(app.preferences.problems.isEmpty)
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

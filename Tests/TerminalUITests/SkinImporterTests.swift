import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct SkinImporterTests {
    private static let skin = """
        # A skin
        ground: &ground "#101010"
        k9s:
          body:
            fgColor: dodgerblue
            bgColor: *ground
            logoColor: "#ff0000"
          frame:
            menu: {fgColor: white, fgStyle: dim, keyColor: aqua}
            status:
              errorColor: orangered
              pendingColor: linegreen
            titel:
              fgColor: red
          views:
            table:
              fgColor: white
              cursorBgColor: aqua
              header: {fgColor: 5}
            charts:
              defaultDialColors: [palegreen, fushia]
            xray: {cursorColor: aqua, showIcons: false}
        """

    @Test func `a skin becomes a theme, and every bad colour is named with its line`() throws {
        let skin = try SkinImporter(Array(Self.skin.utf8), file: "my.yaml", name: "Mine")
        #expect(
            skin.problems.map { "\($0.line): \($0.message)" } == [
                "12: frame.status.pendingColor: linegreen is not a CSS colour, #rrggbb or default; did you mean limegreen?",
                "13: skins have no key frame.titel; did you mean frame.title?",
                "19: views.table.header.fgColor: 5 is not a colour",
                "21: views.charts.defaultDialColors[1]: fushia is not a CSS colour, #rrggbb or default; did you mean fuchsia?",
            ], "\(skin.problems)")
        #expect(skin.unused == ["views.xray.cursorColor"])
        let source = try ThemeParser.parse(skin.text, file: "mine.theme") { ThemeLibrary.builtin($0) }
        let theme = Theme(source, depth: .truecolor)
        #expect(source.name == "Mine" && source.ground == .dark)
        #expect(theme[.text] == Style(foreground: .rgb(0x1E, 0x90, 0xFF), background: .rgb(0x10, 0x10, 0x10)))
        #expect(theme[.statusError].foreground == .rgb(0xFF, 0x45, 0x00))
        #expect(theme[.bar].attributes.contains(.dim))
        // Words keep their colours on the cursor, so it may not glare.
        #expect(ColorScience.contrast(theme[.text].foreground, theme[.tableCursorFocused].background) >= 4.5)
    }

    @Test(arguments: [("k9s: [", 1), ("- a", 1), ("body: {}", 1), ("", 1)]) func `what is no skin is refused`(text: String, line: Int) {
        do throws(SettingsProblem) {
            _ = try SkinImporter(Array(text.utf8), file: "x.yaml", name: "x")
            Issue.record("accepted")
        } catch {
            #expect(error.line == line)
        }
    }

    @Test func `every key of k9s's skins is known, and what has a counterpart colours it`() throws {
        for leaf in SkinImporter.leaves where leaf != "frame.menu.fgStyle" {
            let isList = SkinImporter.lists.contains { $0.leaf == leaf }
            let parts = leaf.split(separator: ".")
            var text = "k9s:\n"
            for (depth, part) in parts.enumerated() {
                let value = depth + 1 < parts.count ? "" : isList ? " ['#010203', '#040506']" : " '#010203'"
                text += String(repeating: "  ", count: depth + 1) + "\(part):\(value)\n"
            }
            let skin = try SkinImporter(Array(text.utf8), file: "x.yaml", name: "x")
            #expect(skin.problems.isEmpty, "\(leaf): \(skin.problems)")
            let isMapped = SkinImporter.counterparts.contains { $0.leaf == leaf || $0.leaf == "\(leaf)[0]" }
            #expect(skin.text.contains("#010203") == isMapped, "\(leaf)")
            #expect(skin.unused.isEmpty == isMapped, "\(leaf)")
            _ = try ThemeParser.parse(skin.text, file: "x") { ThemeLibrary.builtin($0) }
        }
        for (leaf, scope, _) in SkinImporter.counterparts {
            #expect(Scope(rawValue: scope) != nil, "\(scope)")
            #expect(SkinImporter.leaves.contains(leaf.split(separator: "[").first.map(String.init) ?? ""), "\(leaf)")
        }
    }

    @Test func `hostile names stay in their line`() throws {
        let skin = try SkinImporter(Array(Self.skin.utf8), file: "a\nstyles", name: "b\npalette # x")
        #expect(try ThemeParser.parse(skin.text, file: "x") { ThemeLibrary.builtin($0) }.name == "b palette x")
    }
}

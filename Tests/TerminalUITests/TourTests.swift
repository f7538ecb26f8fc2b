import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct TourTests {
    private func start() -> (AppModel, Screen) {
        let app = FakeCluster.app()
        app.pods.select(index: 0)
        let screen = FakeCluster.screen(app)
        screen.type(",", "h")
        return (app, screen)
    }

    @Test func `ten steps, each done by the key it names, lead to the end`() {
        let (app, screen) = start()
        let keys: [[String]] = [
            ["j"], ["d"], ["esc"], ["l"], ["/", "i", "t", "enter"], ["2"], ["/", "w", "e", "b", "enter"], ["y"], [":"], ["esc", "?"],
        ]
        #expect(app.tour?.steps.count == 10)
        for (index, names) in keys.enumerated() {
            #expect(app.tour?.index == index, "step \(index + 1)")
            for name in names { screen.type(name) }
        }
        #expect(app.tour == nil)
        #expect(app.toasts.last?.text.hasPrefix("that was the tour") == true)
    }

    @Test func `another key does not lead on`() {
        let (app, screen) = start()
        screen.type("3", "2", "0")
        #expect(app.tour?.index == 0)
    }

    @Test func `Esc leaves it, and it goes on where it was left`() {
        let (app, screen) = start()
        screen.type("j", "d", "esc")
        #expect(app.tour?.index == 3, "Esc closed the text and nothing else")
        screen.type("esc")
        #expect(app.tour == nil)
        screen.type(",", "h")
        #expect(app.tour?.index == 3)
    }

    @Test(arguments: [(60, 15), (80, 24), (120, 40)]) func `the tour looks as recorded`(width: Int, height: Int) {
        let (_, screen) = start()
        screen.type("j", "d")
        GoldenScreen.check(screen.render(width: width, height: height).surface, "tour-\(width)x\(height)")
    }

    @Test(arguments: ["light", "contrast", "mono"]) func `another theme looks as recorded`(name: String) {
        let app = FakeCluster.app()
        let appearance = Appearance(app: app, depth: .truecolor, canUnicode: true)
        app.preferences.chosenTheme = .named(name)
        guard let look = appearance.change() else {
            Issue.record("no theme")
            return
        }
        let screen = Screen(app: app, theme: look.theme, glyphs: look.glyphs)
        GoldenScreen.check(screen.render(width: 80, height: 24).surface, "theme-\(name)-80x24")
        app.preferences.themes = ThemeCatalog().summaries
        screen.type(",", "t")
        GoldenScreen.check(screen.render(width: 80, height: 24).surface, "theme-picker-\(name)-80x24")
    }
}

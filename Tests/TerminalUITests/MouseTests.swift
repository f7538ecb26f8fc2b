import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct MouseTests {
    /// Where a text stands on the drawn screen.
    private func place(_ text: String, _ screen: Screen, width: Int = 100, height: Int = 30) -> (x: Int, y: Int)? {
        let surface = screen.render(width: width, height: height).surface
        for y in 0..<height {
            guard let found = surface.text(row: y).firstRange(of: text) else { continue }
            return (surface.text(row: y)[..<found.lowerBound].count, y)
        }
        return nil
    }

    private func press(_ place: (x: Int, y: Int), _ screen: Screen) {
        screen.handle([.mouse(MouseEvent(kind: .press, button: .left, x: place.x, y: place.y, modifiers: []))])
    }

    @Test func `a click on an answer counts only once the question was painted`() throws {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        var answers: [String] = []
        app.modal = .dialog(FakeCluster.deleteDialog { answers.append($0) })
        let delete = try #require(place("y Delete", screen))
        press(delete, screen)
        #expect(answers.isEmpty)
        screen.didPaint()
        press((delete.x, delete.y - 1), screen)
        #expect(answers.isEmpty)
        press(delete, screen)
        #expect(answers == ["yes"])
    }

    @Test func `a click on a heading orders by its column, a second one the other way round`() throws {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        let age = try #require(place("AGE", screen))
        press(age, screen)
        #expect(app.pods.sort == TableSort(column: "age"))
        press(try #require(place("AGE", screen)), screen)
        #expect(app.pods.sort == TableSort(column: "age", isDescending: true))
        let selected = app.pods.selectedIndex
        press((0, age.y), screen)
        #expect(app.pods.sort.column == "age" && app.pods.selectedIndex == selected, "beside the headings")
    }

    @Test func `a click does not stand for the name that has to be typed`() throws {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        var answers: [String] = []
        let dialog = FakeCluster.deleteDialog(typed: true) { answers.append($0) }
        app.modal = .dialog(dialog)
        let delete = try #require(place(" Delete ", screen))
        screen.didPaint()
        press((delete.x + 1, delete.y), screen)
        #expect(answers.isEmpty)
    }

    @Test func `a click takes a row of a list`() throws {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        var picked: [String] = []
        app.modal = .palette(
            PaletteModel(title: "Pick", placeholder: "", items: ["alpha", "beta"].map { PaletteItem(id: $0, title: $0) }) { picked.append($0.id) })
        let beta = try #require(place("beta", screen))
        screen.didPaint()
        press(beta, screen)
        #expect(picked == ["beta"])
    }
}

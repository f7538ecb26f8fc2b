import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct LogViewTests {
    private func setUp(_ count: Int, wrap: Bool = false) -> (LogsModel, LogView) {
        let model = LogsModel(signal: ChangeSignal())
        model.target = LogTarget(namespace: "default", pod: "web", podUID: "p", container: "app")
        model.state = .live
        model.isWrapping = wrap
        model.replaceLines(
            (0..<count).map { FakeCluster.line("line \($0)" + (wrap && $0 % 3 == 0 ? String(repeating: "x", count: 30) : "")) })
        return (model, LogView())
    }

    private func rows(_ model: LogsModel, _ view: LogView, width: Int = 22, height: Int = 5) -> [String] {
        var painter = Painter(
            width: width, height: height, theme: ThemeLibrary.standard(depth: .mono), glyphs: .ascii, now: FakeCluster.now)
        view.draw(model, in: painter.surface.bounds, &painter)
        return (0..<height).map { row in String(painter.surface.text(row: row).prefix(width - 1)).trimmed }
    }

    @Test func `there is no way to the right of where every line ends`() {
        let (model, view) = setUp(3)
        model.append([FakeCluster.line("a line that is longer than the pane is wide")])
        _ = rows(model, view)
        for _ in 0..<20 {
            view.scrollSideways(by: 16, model)
            _ = rows(model, view)
        }
        #expect(rows(model, view)[3].hasSuffix("wide"))
        for _ in 0..<2 { view.scrollSideways(by: -16, model) }
        #expect(rows(model, view).first == "line 0")
    }

    @Test func `another log is shown from its left edge, and one that is not says so`() {
        let (model, view) = setUp(0)
        model.append([FakeCluster.line("a line that is longer than the pane is wide")])
        _ = rows(model, view)
        view.scrollSideways(by: 10, model)
        #expect(rows(model, view).first?.hasPrefix("<t is longer") == true)
        model.target = LogTarget(namespace: "default", pod: "db", podUID: "q", container: "app")
        model.replaceLines([FakeCluster.line("short")])
        #expect(rows(model, view).first == "short")
    }

    @Test func `how many lines are missing is said as people read it`() {
        let (model, view) = setUp(0)
        model.append([LogLine(timestamp: nil, bytes: [], gap: "1153751 earlier lines were rotated away")])
        #expect(rows(model, view, width: 60).first?.contains(" 1,153,751 earlier lines were rotated away ") == true)
        model.append([LogLine(timestamp: nil, bytes: [], gap: "10:00:00 began again")])
        #expect(rows(model, view, width: 60)[1].contains(" 10:00:00 began again "))
    }

    @Test func `following shows the newest lines, whatever arrives`() {
        let (model, view) = setUp(100)
        #expect(rows(model, view) == ["line 95", "line 96", "line 97", "line 98", "line 99"])
        model.append([FakeCluster.line("line 100"), FakeCluster.line("line 101")])
        #expect(rows(model, view).last == "line 101")
    }

    @Test func `moving up pauses and the text stands still while lines arrive`() {
        let (model, view) = setUp(100)
        _ = rows(model, view)
        view.scroll(model, by: -10)
        let before = rows(model, view)
        #expect(before.first == "line 85")
        model.append((100..<200).map { FakeCluster.line("line \($0)") })
        #expect(rows(model, view) == before)
        #expect(model.unseen == 100)
        view.scroll(model, by: 10_000)
        #expect(model.isFollowing)
        #expect(rows(model, view).last == "line 199")
    }

    @Test func `rows of wrapped lines scroll one by one, up and down again`() {
        let (model, view) = setUp(30, wrap: true)
        _ = rows(model, view)
        var seen: [[String]] = []
        for _ in 0..<20 {
            view.scroll(model, by: -1)
            seen.append(rows(model, view))
        }
        for index in 1..<seen.count { #expect(Array(seen[index].dropFirst()) == Array(seen[index - 1].dropLast())) }
        for index in (0..<19).reversed() {
            view.scroll(model, by: 1)
            #expect(rows(model, view) == seen[index])
        }
    }

    @Test func `every row of a line from standard error is marked, without colour too`() {
        let (model, view) = setUp(0, wrap: true)
        model.append([
            FakeCluster.line("fine"), FakeCluster.line(String(repeating: "x", count: 45), isError: true),
            LogLine(timestamp: nil, bytes: [], gap: "9 lines lost"),
        ])
        #expect(rows(model, view) == ["fine", "#xxxxxxxxxxxxxxxxxxxx", "#xxxxxxxxxxxxxxxxxxxx", "#xxxxx", "-- 9 lines lost ----"])
    }

    @Test func `when the oldest lines go the view holds on to what is left`() {
        let (model, view) = setUp(100)
        _ = rows(model, view)
        model.isFollowing = false
        model.position = LogPosition(line: 3)
        model.replaceLines((50..<100).map { FakeCluster.line("line \($0)") }, firstLine: 50)
        #expect(rows(model, view).first == "line 50")
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        while text.first == " " { text.removeFirst() }
        return String(text)
    }
}

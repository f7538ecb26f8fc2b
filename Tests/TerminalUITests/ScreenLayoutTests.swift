import Testing
import ViewModels

@testable import TerminalUI

@Suite struct ScreenLayoutTests {
    private func layout(_ width: Int, _ height: Int, _ focus: PaneID = .pods, zoomed: Bool = false) -> ScreenLayout {
        ScreenLayout(width: width, height: height, focus: focus, isZoomed: zoomed, upper: .pods, lower: .logs)
    }

    @Test func `every cell belongs to exactly one part, and the focused pane is always shown`() {
        for width in stride(from: 40, through: 220, by: 9) {
            for height in stride(from: 8, through: 70, by: 3) {
                for focus in PaneID.allCases {
                    for isZoomed in [false, true] {
                        let layout = layout(width, height, focus, zoomed: isZoomed)
                        #expect(layout.slot(focus) != nil)
                        var owners = Array(repeating: 0, count: width * height)
                        for rect in [layout.status, layout.hints] + layout.slots.map(\.rect) + layout.separators {
                            for y in rect.y..<rect.maxY { for x in rect.x..<rect.maxX { owners[y * width + x] += 1 } }
                        }
                        #expect(owners.allSatisfy { $0 == 1 }, "\(width)x\(height) \(focus) \(isZoomed)")
                    }
                }
            }
        }
    }

    @Test func `four panes need 110x35; less shows a pane and its companion, little shows one`() {
        #expect(layout(110, 35).slots.count == 4)
        #expect(layout(109, 35).slots.map(\.pane) == [.pods, .logs])
        #expect(layout(110, 34, .yaml).slots.map(\.pane) == [.pods, .yaml])
        #expect(layout(80, 24, .namespaces).slots.map(\.pane) == [.namespaces, .logs])
        #expect(layout(60, 15, .yaml).slots.map(\.pane) == [.yaml])
        #expect(layout(60, 15).slots[0].tabs == PaneID.allCases)
        #expect(layout(200, 50, .logs, zoomed: true).slots.map(\.pane) == [.logs])
    }
}

import LinuxKernel
import ViewModels

/// How one table cell is written.
@MainActor enum CellText {
    /// Columns the cell would like.
    static func width(_ cell: TableCell, now: Timestamp) -> Int {
        switch cell {
        case .text(let text, _): DisplayWidth.of(text)
        case .number(let number, _): String(number).count
        case .age(let since): since.map { Units.age(now - $0).text.count } ?? 0
        case .usage(let usage): UsageBar.width(usage)
        }
    }

    static func draw(
        _ cell: TableCell, in rect: Rect, column: TableColumn, ground: Style, isChanged: Bool, isFading: Bool, isSelected: Bool,
        _ painter: inout Painter
    ) {
        func style(_ tone: Tone) -> Style {
            if isChanged { return painter.theme[.tableChanged] }
            let wanted = isFading ? .faint : tone == .normal ? Scope.text : Painter.scope(tone)
            var style = painter.theme[wanted].on(ground)
            // Without colours the row of a pane that has not the focus is told by its attributes.
            if isSelected { style.attributes.formUnion(ground.attributes) }
            // Sixteen colours have no quiet background: on a strong one only the cursor row's own foreground can be read.
            if isSelected, ground.foreground != painter.theme[.text].foreground { style.foreground = ground.foreground }
            return style
        }
        switch cell {
        case .text(let text, let tone):
            painter.text(text, in: rect, style(tone), alignment: column.alignment, keepsEnd: column.id == "name")
        case .number(let number, let tone):
            painter.text(String(number), in: rect, style(tone), alignment: column.alignment)
        case .age(let since):
            guard let since else { return }
            let age = Units.age(painter.now - since)
            painter.text(age.text, in: rect, style(.dim), alignment: column.alignment)
            painter.wake(at: painter.now.advanced(by: age.staysFor))
        case .usage(let usage):
            UsageBar.draw(usage, in: rect, ground: ground, &painter)
        }
    }
}

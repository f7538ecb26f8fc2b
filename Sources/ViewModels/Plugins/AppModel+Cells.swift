extension AppModel {
    /// The row under the cursor of the focused table, by heading; empty where there is none.
    var selectedCells: [(name: String, value: String)] {
        let model: any TableModel = focus == .namespaces ? namespaces : list
        guard let uid = model.selectedUID, let index = (0..<model.count).first(where: { model.row(at: $0).uid == uid }) else { return [] }
        return zip(model.columns, model.row(at: index).cells).map { ($0.title, Self.text($1)) }
    }

    /// A cell as plain text.
    nonisolated static func text(_ cell: TableCell) -> String {
        switch cell {
        case .text(let text, _): text
        case .number(let number, _): String(number)
        case .age(let moment): moment.map { "\($0)" } ?? ""
        case .usage(let usage): usage.used.map { String($0) } ?? ""
        }
    }
}

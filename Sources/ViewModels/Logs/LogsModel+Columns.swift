extension LogsModel {
    /// What is shown of a line: its chosen fields side by side when it has some of them, else all of it.
    package func text(of line: LogLine) -> ArraySlice<UInt8> {
        guard !columns.isEmpty, let fields = LogFields(line.bytes), columns.contains(where: { fields[$0] != nil }) else { return line.bytes }
        var text = ""
        for (index, name) in columns.enumerated() {
            let value = fields[name] ?? ""
            guard index < columns.count - 1 else {
                text += value
                break
            }
            let width = columnWidths.indices.contains(index) ? columnWidths[index] : 0
            let shown = value.count > width ? value.prefix(max(0, width - 1)) + "\u{2026}" : value[...]
            text += shown + String(repeating: " ", count: max(0, width - shown.count) + 2)
        }
        return ArraySlice(Array(text.utf8))
    }

    /// Makes the columns as wide as the values of some lines need.
    package func measureColumns(from line: Int, count: Int) {
        var next = shown(from: line)
        for _ in 0..<count {
            guard let number = next else { return }
            if let fields = self.line(number).flatMap({ LogFields($0.bytes) }) {
                for (index, name) in columns.enumerated() where columnWidths.indices.contains(index) {
                    let width = min(LogFields.widestColumn, fields[name]?.count ?? 0)
                    if width > columnWidths[index] { columnWidths[index] = width }
                }
            }
            next = shown(from: number + 1)
        }
    }

    /// The fields of the newest shown lines, those of most lines first, with an example of each.
    package func fieldsFound(limit: Int = 300) -> [(name: String, count: Int, example: String)] {
        var found: [String: (order: Int, count: Int, example: String)] = [:]
        var next = lastShown
        for _ in 0..<limit {
            guard let number = next else { break }
            for field in self.line(number).flatMap({ LogFields($0.bytes) })?.fields ?? [] {
                let order = found.count
                found[field.name, default: (order, 0, field.value)].count += 1
            }
            next = shown(upTo: number - 1)
        }
        return found.sorted { ($1.value.count, $0.value.order) < ($0.value.count, $1.value.order) }
            .map { ($0.key, $0.value.count, $0.value.example) }
    }

    /// Shows a field as the last column, or no longer.
    package func toggleColumn(_ name: String) {
        if let index = columns.firstIndex(of: name) { columns.remove(at: index) } else { columns.append(name) }
    }
}

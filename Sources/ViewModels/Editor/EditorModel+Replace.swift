/// A search whose places are replaced one after the other.
package struct Replacement: Sendable, Hashable {
    /// What is looked for, ignoring case.
    package let wanted: String
    /// What comes in its place.
    package let replacement: String
    /// How many were replaced.
    package internal(set) var done = 0
    /// Where the next one is looked for.
    var from = TextPosition(line: 0, column: 0)
}

extension EditorModel {
    /// Starts replacing: selects the first place. Nil when there is none. Masked text is never replaced.
    func beginReplacing(_ wanted: String, with replacement: String) -> Replacement? {
        var state = Replacement(wanted: wanted, replacement: replacement)
        search = wanted
        guard selectNext(&state) else { return nil }
        history.beginGroup()
        return state
    }

    /// Replaces the selected place and selects the next one. False when that was the last.
    func replaceOne(_ state: inout Replacement) -> Bool {
        guard let range = selection else { return false }
        change(range, with: state.replacement)
        state.done += 1
        state.from = cursor
        return selectNext(&state)
    }

    /// Leaves the selected place and selects the next one. False when that was the last.
    func skipOne(_ state: inout Replacement) -> Bool {
        guard let range = selection else { return false }
        state.from = range.upperBound
        return selectNext(&state)
    }

    /// Replaces the selected place and all after it.
    func replaceRest(_ state: inout Replacement) {
        guard let range = selection else { return }
        var lines: [String] = []
        for number in range.lowerBound.line..<lineCount {
            let first = number == range.lowerBound.line ? range.lowerBound.column : 0
            lines.append(replaced(number, from: first, &state))
        }
        let start = TextPosition(line: range.lowerBound.line, column: 0)
        change(start..<TextPosition(line: lineCount - 1, column: line(lineCount - 1).count), with: lines.joined(separator: "\n"))
        place(range.lowerBound, selecting: false)
    }

    /// Ends it; what was replaced is one step.
    func endReplacing() {
        history.endGroup()
        place(cursor, selecting: false)
    }

    private func replaced(_ number: Int, from first: Int, _ state: inout Replacement) -> String {
        let row = line(number)
        var result = ""
        var place = 0
        for column in matches(state.wanted.lowercased(), line: number) where column >= max(first, place) {
            let characters = row.dropFirst(place).prefix(column - place)
            result += characters + state.replacement
            place = column + state.wanted.count
            state.done += 1
        }
        return result + row.dropFirst(place)
    }

    private func selectNext(_ state: inout Replacement) -> Bool {
        for number in state.from.line..<max(state.from.line, lineCount) {
            let first = number == state.from.line ? state.from.column : 0
            guard let column = matches(state.wanted.lowercased(), line: number).first(where: { $0 >= first }) else { continue }
            place(TextPosition(line: number, column: column), selecting: false)
            place(TextPosition(line: number, column: column + state.wanted.count), selecting: true)
            return true
        }
        return false
    }
}

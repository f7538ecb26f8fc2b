import APIMachinery
import JSONCore
import LinuxKernel

/// Columns whose cells are read from the object by a path, beside those that a table has by itself.
struct CellPaths: Sendable, Hashable {
    /// What a cell is made of.
    enum Form: Sendable, Hashable { case text, number, time }

    struct Column: Sendable, Hashable {
        var column: TableColumn
        var path: ValuePath
        var form: Form
    }

    var columns: [Column] = []

    /// Values of one cell; a path may lead to a thousand.
    private static let mostValues = 10
    /// Characters of one value.
    private static let longestValue = 200

    var isEmpty: Bool { columns.isEmpty }

    /// The cells of an object, as many as there are columns.
    func cells(_ object: JSONValue) -> [TableCell] {
        columns.map { column in
            let values = column.path.values(in: object).filter { !$0.isNull }
            if column.form == .time, let text = values.first?.stringValue, let moment = Timestamp(rfc3339: text) {
                return .age(Timestamp(seconds: moment.seconds))
            }
            if values.count == 1, case .integer(let number) = values[0] { return .number(Int(clamping: number), .normal) }
            if column.form == .number, values.count == 1, let number = values[0].stringValue.flatMap({ Int($0) }) { return .number(number, .normal) }
            let text = values.prefix(Self.mostValues).map(Self.text).joined(separator: ",")
            return .text(text, CellTone.tone(text, column: column.column.id) ?? .normal)
        }
    }

    private static func text(_ value: JSONValue) -> String {
        let text =
            switch value {
            case .string(let text): text
            case .object(let members): members.prefix(mostValues).map { "\($0.key)=\($0.value.stringValue ?? $0.value.description)" }.joined(separator: ",")
            case .array(let items): items.prefix(mostValues).map { $0.stringValue ?? String($0.description.prefix(longestValue)) }.joined(separator: ",")
            default: value.description
            }
        return String(text.prefix(longestValue))
    }
}

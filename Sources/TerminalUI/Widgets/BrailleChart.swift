import ViewModels

/// A curve drawn with the eight dots of braille signs, or with ASCII where there are no such signs. Requests and limits are lines
/// across it; what happened stands in a row below. Meaning is never told by colour alone.
@MainActor enum BrailleChart {
    /// Columns of the scale at the left.
    private static let margin = 8

    /// The rows of a chart in so many columns.
    static func rows(_ chart: ChartModel, columns: Int, glyphs: GlyphSet) -> [[TextSpan]] {
        let width = max(4, columns - margin - 2)
        let dots = glyphs.hasLines ? width * 2 : width
        let points = resampled(chart.values, to: dots)
        let top = ceiling(chart, points)
        var rows = [title(chart, points)]
        for row in 0..<chart.height {
            let label = row == 0 ? amount(top, chart.unit.scale) : row == chart.height - 1 ? amount(0, chart.unit.scale) : ""
            let scale = TextSpan(String(repeating: " ", count: max(0, margin - label.count - 1)) + label + (glyphs.hasLines ? " │" : " |"), .dim)
            rows.append([scale] + curve(chart, points, row: row, width: width, top: top, glyphs))
        }
        if let marks = marks(chart, width: width, glyphs) { rows.append(marks) }
        rows.append(axis(chart, width: width))
        return rows
    }

    // MARK: - Words

    private static func title(_ chart: ChartModel, _ points: [Double?]) -> [TextSpan] {
        var spans = [TextSpan("  \(chart.title)  ", .accent)]
        if let now = chart.values.last(where: { $0 != nil }) ?? nil { spans.append(TextSpan("now \(amount(now, chart.unit))")) }
        let known = chart.values.compactMap(\.self)
        if let most = known.max() { spans.append(TextSpan("  most \(amount(most, chart.unit))", .dim)) }
        if let request = chart.request { spans.append(TextSpan("  request \(amount(request, chart.unit)) (- -)", .dim)) }
        if let limit = chart.limit { spans.append(TextSpan("  limit \(amount(limit, chart.unit)) (===)", .dim)) }
        let throttled = chart.marks.values.filter { $0 == .throttled }.count
        if throttled > 0 { spans.append(TextSpan("  t throttled", .warning)) }
        if chart.marks.values.contains(.outOfMemory) { spans.append(TextSpan("  X killed: out of memory", .error)) }
        return spans
    }

    /// A value in its unit.
    static func amount(_ value: Double, _ unit: ChartModel.Unit) -> String {
        let whole = Int64(max(0, min(value.isFinite ? value.rounded() : 0, 9e18)))
        return switch unit {
        case .milliCPU: Units.milliCPU(whole)
        case .bytes: Units.bytes(whole)
        case .count: "\(whole)"
        case .bytesPerSecond: "\(Units.bytes(whole))/s"
        case .percent: "\(whole)%"
        }
    }

    private static func axis(_ chart: ChartModel, width: Int) -> [TextSpan] {
        let minutes = max(1, chart.values.count * chart.step / 60)
        let (start, end) = ("\(minutes)m ago", "now")
        let middle = width > 40 ? "\(minutes / 2)m" : ""
        let left = max(1, width / 2 - start.count - middle.count / 2)
        let right = max(1, width - start.count - left - middle.count - end.count)
        return [
            TextSpan(
                String(repeating: " ", count: margin + 1) + start + String(repeating: " ", count: left) + middle
                    + String(repeating: " ", count: right) + end, .dim)
        ]
    }

    private static func marks(_ chart: ChartModel, width: Int, _ glyphs: GlyphSet) -> [TextSpan]? {
        guard !chart.marks.isEmpty, !chart.values.isEmpty else { return nil }
        var cells = [ChartModel.Mark?](repeating: nil, count: width)
        for (index, mark) in chart.marks where chart.values.indices.contains(index) {
            let column = min(width - 1, index * width / chart.values.count)
            if cells[column] != .outOfMemory { cells[column] = mark }
        }
        return [TextSpan(String(repeating: " ", count: margin + 1))]
            + runs(cells.map { $0 == .outOfMemory ? ("X", Tone.error) : $0 == .throttled ? ("t", .warning) : (" ", .normal) })
    }

    // MARK: - The curve

    /// As many points as there are dots: the greatest value of each stretch, so that no peak is lost.
    static func resampled(_ values: [Double?], to count: Int) -> [Double?] {
        guard count > 0, !values.isEmpty else { return [Double?](repeating: nil, count: max(0, count)) }
        return (0..<count).map { point in
            let from = point * values.count / count
            let to = max(from + 1, (point + 1) * values.count / count)
            return values[from..<min(values.count, to)].compactMap(\.self).max()
        }
    }

    /// The top of the scale: the limit, or what was used or asked for, and a little room.
    private static func ceiling(_ chart: ChartModel, _ points: [Double?]) -> Double {
        let most = points.compactMap(\.self).max() ?? 0
        // A limit far above everything would press the curve flat.
        let lines = [chart.request, chart.limit].compactMap(\.self).filter { $0 <= max(most, chart.request ?? 0) * 20 }
        let top = max(most, lines.max() ?? 0) * 1.05
        return top.isFinite && top > 0 ? top : chart.limit ?? 1
    }

    private static func curve(
        _ chart: ChartModel, _ points: [Double?], row: Int, width: Int, top: Double, _ glyphs: GlyphSet
    ) -> [TextSpan] {
        let levels = glyphs.hasLines ? 4 : 1
        let total = chart.height * levels
        func level(_ value: Double) -> Int { max(0, min(total, Int((value / top * Double(total)).rounded(.up)))) }
        // A line above the scale is told by the title alone.
        let request = chart.request.flatMap { $0 <= top ? level($0) : nil }
        let limit = chart.limit.flatMap { $0 <= top ? level($0) : nil }
        let floor = (chart.height - 1 - row) * levels
        let cells = (0..<width).map { column -> (Character, Tone) in
            let pair = glyphs.hasLines ? [points[column * 2], points[column * 2 + 1]] : [points[column]]
            let heights = pair.map { $0.map { max($0 > 0 ? 1 : 0, level($0)) } ?? 0 }
            let filled = heights.map { max(0, min(levels, $0 - floor)) }
            if filled.contains(where: { $0 > 0 }) {
                let most = pair.compactMap(\.self).max() ?? 0
                return (glyphs.hasLines ? braille(filled) : "#", tone(most, chart))
            }
            func isHere(_ line: Int?) -> Bool { line.map { $0 > floor && $0 <= floor + levels } ?? false }
            if isHere(limit) { return (glyphs.hasLines ? "═" : "=", .dim) }
            if isHere(request), column % 2 == 0 { return (glyphs.hasLines ? "╌" : "-", .dim) }
            return (" ", .normal)
        }
        return runs(cells)
    }

    private static func tone(_ value: Double, _ chart: ChartModel) -> Tone {
        if let limit = chart.limit, value >= limit * 0.9 { return .error }
        if let request = chart.request, value > request { return .warning }
        return .ok
    }

    /// A sign with so many dots from below in its two columns. Source: Unicode, block Braille Patterns.
    static func braille(_ filled: [Int]) -> Character {
        let left: [UInt32] = [0x40, 0x04, 0x02, 0x01]
        let right: [UInt32] = [0x80, 0x20, 0x10, 0x08]
        var bits: UInt32 = 0
        for dot in 0..<min(4, filled.first ?? 0) { bits |= left[dot] }
        for dot in 0..<min(4, filled.last ?? 0) { bits |= right[dot] }
        return Unicode.Scalar(0x2800 + bits).map { Character($0) } ?? " "
    }

    private static func runs(_ cells: [(Character, Tone)]) -> [TextSpan] {
        var spans: [TextSpan] = []
        for (character, tone) in cells {
            if spans.last?.tone == tone {
                spans[spans.count - 1].text.append(character)
            } else {
                spans.append(TextSpan(String(character), tone))
            }
        }
        return spans
    }
}

extension ChartModel.Unit {
    /// The unit beside the scale, which has no room for one of time.
    fileprivate var scale: ChartModel.Unit { self == .bytesPerSecond ? .bytes : self }
}

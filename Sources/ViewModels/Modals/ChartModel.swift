/// A value over time, to be drawn as wide as there is room.
package struct ChartModel: Sendable, Hashable {
    /// What happened in a step of time, told below the curve.
    package enum Mark: Sendable, Hashable { case throttled, outOfMemory }
    /// What the values are counted in.
    package enum Unit: Sendable { case milliCPU, bytes, count, bytesPerSecond, percent }

    /// What it shows.
    package var title: String
    /// The unit of the values.
    package var unit: Unit
    /// The values, oldest first, one a step; nil where nothing was measured. The last one is now.
    package var values: [Double?]
    /// What one value covers, in seconds.
    package var step: Int
    /// What is set aside; nil for nothing.
    package var request: Double?
    /// What may be used at most; nil for no limit.
    package var limit: Double?
    /// What happened in which step, by the value's index.
    package var marks: [Int: Mark]
    /// Rows of the curve.
    package var height: Int

    /// A chart.
    package init(
        title: String, unit: Unit, values: [Double?], step: Int, request: Double? = nil, limit: Double? = nil, marks: [Int: Mark] = [:],
        height: Int = 6
    ) {
        self.title = title
        self.unit = unit
        self.values = values
        self.step = step
        self.request = request
        self.limit = limit
        self.marks = marks
        self.height = height
    }
}

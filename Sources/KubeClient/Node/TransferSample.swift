import JSONCore

/// Bytes in both directions since the start of whatever counts them.
package struct TransferSample: Sendable, Hashable {
    /// Read from disks, or received.
    package var received: Int64
    /// Written to disks, or sent.
    package var sent: Int64

    /// A sample.
    package init(received: Int64 = 0, sent: Int64 = 0) {
        self.received = received
        self.sent = sent
    }

    /// The sum; saturates.
    package static func + (left: TransferSample, right: TransferSample) -> TransferSample {
        func sum(_ a: Int64, _ b: Int64) -> Int64 {
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? .max : sum
        }
        return TransferSample(received: sum(left.received, right.received), sent: sum(left.sent, right.sent))
    }

    var value: JSONValue { ["received": .integer(received), "sent": .integer(sent)] }

    init?(_ value: JSONValue?) {
        guard let received = value?["received"]?.integerValue, let sent = value?["sent"]?.integerValue else { return nil }
        self.init(received: received, sent: sent)
    }
}

/// How long the tasks of a cgroup waited for one resource, since it was made. Source: the kernel's `Documentation/accounting/psi.rst`.
package struct PressureSample: Sendable, Hashable {
    /// How long, and how much of the time lately.
    package struct Line: Sendable, Hashable {
        /// Nanoseconds in all.
        package var nanoseconds: Int64
        /// Percent of the last 10, 60 and 300 seconds.
        package var averages: [Double]

        /// A line.
        package init(nanoseconds: Int64 = 0, averages: [Double] = [0, 0, 0]) {
            self.nanoseconds = nanoseconds
            self.averages = averages
        }

        var value: JSONValue { ["ns": .integer(nanoseconds), "avg": .array(averages.map { .double($0) })] }

        init(_ value: JSONValue?) {
            let averages = (value?["avg"]?.arrayValue ?? []).map { $0.doubleValue ?? 0 }
            self.init(nanoseconds: value?["ns"]?.integerValue ?? 0, averages: averages.count == 3 ? averages : [0, 0, 0])
        }
    }

    /// While at least one task waited.
    package var some: Line
    /// While all waited.
    package var full: Line

    /// A sample.
    package init(some: Line = Line(), full: Line = Line()) {
        self.some = some
        self.full = full
    }

    var value: JSONValue { ["some": some.value, "full": full.value] }

    init?(_ value: JSONValue?) {
        guard let value else { return nil }
        self.init(some: Line(value["some"]), full: Line(value["full"]))
    }
}

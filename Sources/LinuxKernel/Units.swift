/// A number of bytes.
package struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var value: Int64
    package init(_ value: Int64) { self.value = value }

    package static let zero = ByteCount(0)
    package static func kibibytes(_ n: Int64) -> ByteCount { ByteCount(n << 10) }
    package static func mebibytes(_ n: Int64) -> ByteCount { ByteCount(n << 20) }
    package static func gibibytes(_ n: Int64) -> ByteCount { ByteCount(n << 30) }

    package static func < (a: ByteCount, b: ByteCount) -> Bool { a.value < b.value }

    /// Saturates instead of overflowing.
    package static func + (a: ByteCount, b: ByteCount) -> ByteCount { ByteCount(a.value.saturatingSum(b.value)) }
    package static func += (a: inout ByteCount, b: ByteCount) { a = a + b }

    /// For people, in binary units: `512 B`, `1.5 MiB`.
    package var description: String {
        var scaled = value.magnitude
        var tenths: UInt64 = 0
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        while scaled >= 1024 {
            tenths = scaled % 1024 * 10 / 1024
            scaled /= 1024
            unit += 1
        }
        let sign = value < 0 ? "-" : ""
        return tenths == 0 || scaled >= 100 ? "\(sign)\(scaled) \(units[unit])" : "\(sign)\(scaled).\(tenths) \(units[unit])"
    }
}

/// Processor time in thousandths of one core.
package struct MilliCPU: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var value: Int64
    package init(_ value: Int64) { self.value = value }

    package static let zero = MilliCPU(0)
    package static func cores(_ n: Int64) -> MilliCPU { MilliCPU(n * 1000) }

    package static func < (a: MilliCPU, b: MilliCPU) -> Bool { a.value < b.value }

    /// Saturates instead of overflowing.
    package static func + (a: MilliCPU, b: MilliCPU) -> MilliCPU { MilliCPU(a.value.saturatingSum(b.value)) }
    package static func += (a: inout MilliCPU, b: MilliCPU) { a = a + b }

    /// `250m`, or `2` for whole cores.
    package var description: String { value % 1000 == 0 ? "\(value / 1000)" : "\(value)m" }
}

extension Int64 {
    /// The sum, held at the nearest number when it is too large.
    package func saturatingSum(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (self > 0 ? .max : .min) : sum
    }
}

package import APIMachinery

/// Amounts of resources, as plain integers for fast comparison: CPU in thousandths of a core, memory in bytes, others in units.
package struct ResourceAmounts: Sendable, Hashable {
    /// Thousandths of a core.
    package var milliCPU: Int64 = 0
    /// Bytes.
    package var memory: Int64 = 0
    /// Everything else by name, without `pods`.
    package var others: [String: Int64] = [:]

    /// Nothing.
    package init() {}

    /// Amounts from a resource list; what is below zero counts as nothing.
    package init(_ quantities: [String: Quantity]) {
        for (name, quantity) in quantities {
            switch name {
            case "cpu": milliCPU = max(0, quantity.milliValue)
            case "memory": memory = max(0, quantity.value)
            case "pods": continue
            default: others[name] = max(0, quantity.value)
            }
        }
    }

    /// Adds, holding at the largest number instead of overflowing.
    package static func += (left: inout ResourceAmounts, right: ResourceAmounts) {
        left.milliCPU = sum(left.milliCPU, right.milliCPU)
        left.memory = sum(left.memory, right.memory)
        for (name, amount) in right.others { left.others[name] = sum(left.others[name] ?? 0, amount) }
    }

    /// Takes away what was added before.
    package static func -= (left: inout ResourceAmounts, right: ResourceAmounts) {
        left.milliCPU = sum(left.milliCPU, -right.milliCPU)
        left.memory = sum(left.memory, -right.memory)
        for (name, amount) in right.others { left.others[name] = sum(left.others[name] ?? 0, -amount) }
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (result, overflow) = left.addingReportingOverflow(right)
        return overflow ? (left > 0 ? .max : .min) : result
    }
}

import JSONCore

/// Amounts that are numbers or percentages of something. Source: apimachinery `pkg/util/intstr` GetScaledValueFromIntOrPercent.
enum ScaledAmount {
    /// What `value` is of `total`; never negative, and 0 for text that is no percentage.
    static func of(_ total: Int64, _ value: JSONValue, roundsUp: Bool) -> Int64 {
        if let number = value.integerValue { return max(0, number) }
        guard let text = value.stringValue, text.hasSuffix("%"), let percent = Int64(text.dropLast()) else { return 0 }
        let product = max(0, min(percent, 1000)).multipliedReportingOverflow(by: total)
        guard !product.overflow else { return total }
        return (product.partialValue + (roundsUp ? 99 : 0)) / 100
    }
}

internal import CLinux

/// Builds the fields that `CLinux/include/plan.h` describes.
struct PlanWriter {
    private(set) var bytes: [UInt8] = []

    /// A string; one with a NUL inside cannot be a path, argument or name and is refused.
    mutating func text(_ tag: kd_tag, _ value: String) throws(RuntimeError) {
        var utf8 = Array(value.utf8)
        guard !utf8.contains(0) else { throw RuntimeError(.invalid, "a value contains a NUL byte: \(value.prefix(40))") }
        utf8.append(0)
        field(tag, utf8)
    }

    /// A number of any sign; negative ones keep their two's complement.
    mutating func number(_ tag: kd_tag, _ value: some FixedWidthInteger) {
        numbers(tag, [UInt64(truncatingIfNeeded: value)])
    }

    /// Several numbers in one field.
    mutating func numbers(_ tag: kd_tag, _ values: [UInt64]) {
        field(tag, values.withUnsafeBytes { Array($0) })
    }

    /// Fields inside a field.
    mutating func record(_ tag: kd_tag, _ body: (inout PlanWriter) throws(RuntimeError) -> Void) throws(RuntimeError) {
        var inner = PlanWriter()
        try body(&inner)
        field(tag, inner.bytes)
    }

    /// Raw bytes.
    mutating func field(_ tag: kd_tag, _ payload: [UInt8]) {
        withUnsafeBytes(of: kd_field_header(tag: tag.rawValue, size: UInt32(payload.count))) { bytes += $0 }
        bytes += payload
        bytes += repeatElement(0, count: (8 - payload.count % 8) % 8)
    }
}

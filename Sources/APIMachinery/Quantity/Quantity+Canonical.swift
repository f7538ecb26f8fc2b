extension Quantity {
    /// The canonical text: no fraction, the largest suffix that needs none, in the notation it was written in.
    package var canonical: String {
        if nano == 0 { return "0" }
        if format == .binary, let text = binaryText { return text }
        return decimalText(format == .decimalExponent)
    }

    /// Binary notation; nil below 1024 units and for amounts with a fraction, which are shown in decimal.
    private var binaryText: String? {
        let (units, fraction) = nano.quotientAndRemainder(dividingBy: Self.nanoPerUnit)
        guard fraction == 0, units <= -1024 || units >= 1024 else { return nil }
        var amount = units
        var step = 0
        let suffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
        while step + 1 < suffixes.count, amount % 1024 == 0 {
            amount /= 1024
            step += 1
        }
        return "\(amount)\(suffixes[step])"
    }

    private func decimalText(_ usesExponent: Bool) -> String {
        var amount = nano
        var exponent = -9
        while amount % 1000 == 0, exponent < 18 || usesExponent {
            amount /= 1000
            exponent += 3
        }
        if exponent == 0 { return "\(amount)" }
        if usesExponent { return "\(amount)e\(exponent)" }
        let suffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
        return "\(amount)\(suffixes[exponent / 3 + 3])"
    }
}

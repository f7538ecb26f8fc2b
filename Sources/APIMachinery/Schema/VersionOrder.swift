/// The order of API versions by what their names promise. Source: apimachinery `pkg/version/helpers.go`.
package enum VersionOrder {
    /// Whether one version comes before another: v2, v1, v1beta2, v1beta1, v1alpha1, then all other names by their letters.
    package static func precedes(_ first: String, _ second: String) -> Bool {
        switch (parts(first), parts(second)) {
        case (let left?, let right?): left != right && (left.stage, left.major, left.minor) > (right.stage, right.major, right.minor)
        case (.some, nil): true
        case (nil, .some): false
        case (nil, nil): first < second
        }
    }

    /// Versions in their order.
    package static func sorted(_ versions: [String]) -> [String] { versions.sorted(by: precedes) }

    private struct Parts: Equatable {
        /// 2 for stable, 1 for beta, 0 for alpha.
        var stage: Int
        var major: Int
        var minor: Int
    }

    /// `v1`, `v1beta2`, `v1alpha1`; nil for any other name.
    private static func parts(_ version: String) -> Parts? {
        guard version.utf8.first == UInt8(ascii: "v") else { return nil }
        let rest = version.dropFirst()
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard let major = number(digits) else { return nil }
        let tail = rest.dropFirst(digits.count)
        if tail.isEmpty { return Parts(stage: 2, major: major, minor: 0) }
        for (word, stage) in [("beta", 1), ("alpha", 0)] where tail.hasPrefix(word) {
            guard let minor = number(tail.dropFirst(word.count)) else { return nil }
            return Parts(stage: stage, major: major, minor: minor)
        }
        return nil
    }

    private static func number(_ digits: Substring) -> Int? {
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), digits.first != "0" else { return nil }
        return Int(digits)
    }
}

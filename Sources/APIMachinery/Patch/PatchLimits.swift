/// Bounds on patches and on what they may make of an object.
package struct PatchLimits: Sendable, Hashable {
    /// The most operations of a JSON patch. Default 10,000, as the API server allows.
    package var maximumOperations: Int
    /// The deepest nesting of the result. Default 256, the limit of parsing.
    package var maximumDepth: Int
    /// About how many values a result may have, which `copy` could otherwise multiply. Default 1,000,000.
    package var maximumNodes: Int

    /// Limits with the given values.
    package init(maximumOperations: Int = 10_000, maximumDepth: Int = 256, maximumNodes: Int = 1_000_000) {
        self.maximumOperations = maximumOperations
        self.maximumDepth = maximumDepth
        self.maximumNodes = maximumNodes
    }

    /// 10,000 operations, 256 levels, a million values.
    package static let `default` = PatchLimits()
}

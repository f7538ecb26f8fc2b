/// Bounds on input from outside.
package struct JSONLimits: Sendable, Hashable {
    /// The most bytes a document may have. Default 3 MiB, as the API server's request limit.
    package var maximumBytes: Int
    /// The deepest nesting of objects and arrays together. Default 256; values above ``deepestDepth`` count as that.
    package var maximumDepth: Int

    /// The depth no limit can exceed: parsing, encoding and releasing recurse once per level.
    package static let deepestDepth = 1024

    /// Bounds with the given values.
    package init(maximumBytes: Int = 3 << 20, maximumDepth: Int = 256) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = min(maximumDepth, Self.deepestDepth)
    }

    /// 3 MiB and 256 levels.
    package static let `default` = JSONLimits()
    /// Any size and 256 levels, for data of our own.
    package static let unlimitedSize = JSONLimits(maximumBytes: .max)
}

/// A parsed regular expression. Only whether it matches is ever asked, so neither groups nor greediness are kept.
indirect enum PatternNode: Sendable {
    /// A place that takes no text.
    enum Place: Sendable {
        case textStart
        case textEnd
        case lineStart
        case lineEnd
        case wordBoundary
        case noWordBoundary
    }

    case empty
    case set(ScalarSet)
    case place(Place)
    case sequence([PatternNode])
    case choice([PatternNode])
    case repeated(PatternNode, minimum: Int, maximum: Int?)
}

/// How a tab's place is divided among its splits: a whole, or two parts beside or below each other, each divided again.
package indirect enum SplitTree: Sendable, Hashable {
    /// Where the second part of a division lies.
    package enum Axis: String, Sendable { case beside, below }

    /// A split, by its id.
    case split(Int)
    /// Two parts; `share` is the first one's, in percent of both.
    case divided(Axis, share: Int, SplitTree, SplitTree)

    /// What a part may have at least and at most, in percent.
    private static let shares = 20...80

    /// The splits, from the left and the top.
    package var splits: [Int] {
        switch self {
        case .split(let id): [id]
        case .divided(_, _, let first, let second): first.splits + second.splits
        }
    }

    /// With a new split in the second half of a split's place.
    func dividing(_ id: Int, _ axis: Axis, with new: Int) -> SplitTree {
        switch self {
        case .split(id): .divided(axis, share: 50, self, .split(new))
        case .split: self
        case .divided(let own, let share, let first, let second):
            .divided(own, share: share, first.dividing(id, axis, with: new), second.dividing(id, axis, with: new))
        }
    }

    /// Without a split, whose place its neighbour gets; nil when nothing is left.
    func removing(_ id: Int) -> SplitTree? {
        switch self {
        case .split(let own): return own == id ? nil : self
        case .divided(let axis, let share, let first, let second):
            guard let first = first.removing(id) else { return second.removing(id) }
            guard let second = second.removing(id) else { return first }
            return .divided(axis, share: share, first, second)
        }
    }

    /// With a split larger or smaller against its nearest neighbour, by percents.
    func resizing(_ id: Int, by percent: Int) -> SplitTree {
        guard case .divided(let axis, let share, let first, let second) = self else { return self }
        let new: Int
        switch (first, second) {
        case (.split(id), _): new = share + percent
        case (_, .split(id)): new = share - percent
        default: return .divided(axis, share: share, first.resizing(id, by: percent), second.resizing(id, by: percent))
        }
        return .divided(axis, share: Self.bounded(new), first, second)
    }

    /// A share that leaves both parts something.
    static func bounded(_ share: Int) -> Int { min(shares.upperBound, max(shares.lowerBound, share)) }
}

import ViewModels

/// Where the splits of a tab stand.
struct SplitLayout: Sendable, Hashable {
    /// A split and its place.
    struct Place: Sendable, Hashable {
        var split: Int
        var rect: Rect
    }

    private(set) var places: [Place] = []
    /// Columns with a line between splits.
    private(set) var separators: [Rect] = []

    /// The splits of a tree in `rect`; with `zoomed` that one alone.
    init(_ tree: SplitTree, in rect: Rect, zoomed: Int?) {
        if let zoomed { places = [Place(split: zoomed, rect: rect)] } else { lay(tree, rect) }
    }

    private mutating func lay(_ tree: SplitTree, _ rect: Rect) {
        switch tree {
        case .split(let id): places.append(Place(split: id, rect: rect))
        case .divided(.beside, let share, let first, let second):
            let width = (max(0, rect.width - 1) * share + 99) / 100
            lay(first, Rect(x: rect.x, y: rect.y, width: width, height: rect.height))
            separators.append(Rect(x: rect.x + width, y: rect.y, width: 1, height: rect.height))
            lay(second, Rect(x: rect.x + width + 1, y: rect.y, width: rect.width - width - 1, height: rect.height))
        case .divided(.below, let share, let first, let second):
            let height = rect.height * share / 100
            lay(first, Rect(x: rect.x, y: rect.y, width: rect.width, height: height))
            lay(second, Rect(x: rect.x, y: rect.y + height, width: rect.width, height: rect.height - height))
        }
    }
}

package import JSONCore

/// How two versions of an object differ, field by field. Source: structured-merge-diff `typed/compare.go`.
package struct FieldComparison: Sendable, Hashable {
    /// What only the second has.
    package var added = FieldSet()
    /// What differs.
    package var modified = FieldSet()
    /// What only the first has.
    package var removed = FieldSet()

    /// Whether there is no difference.
    package var isSame: Bool { added.isEmpty && modified.isEmpty && removed.isEmpty }

    /// What the second version has set.
    package var written: FieldSet { added.union(modified) }

    /// Compares two objects of a type.
    package init(from old: JSONValue, to new: JSONValue, type: TypeSchema) {
        let outcome = Outcome(old, new, .object(type))
        added = outcome.added
        modified = outcome.modified
        removed = outcome.removed
    }

    /// The comparison without the fields of `ignored` and what is below them.
    package func ignoring(_ ignored: FieldSet) -> FieldComparison {
        guard !ignored.isEmpty, !isSame else { return self }
        var result = self
        result.added = added.subtractingRecursively(ignored)
        result.modified = modified.subtractingRecursively(ignored)
        result.removed = removed.subtractingRecursively(ignored)
        return result
    }
}

/// What became of one value and of what is below it.
private struct Outcome {
    enum Change {
        case none
        case added
        case modified
        case removed
    }

    var change = Change.none
    var added = FieldSet()
    var modified = FieldSet()
    var removed = FieldSet()

    init(_ old: JSONValue?, _ new: JSONValue?, _ shape: FieldShape) {
        if let old, let new, old == new { return }
        if Self.splits(old, new, shape) {
            if old.flatMap(shape.items) != nil || new.flatMap(shape.items) != nil {
                compareItems(old.flatMap(shape.items) ?? [], new.flatMap(shape.items) ?? [], shape)
            } else {
                compareMembers(old, new, shape)
            }
            if old == nil { change = .added }
            if new == nil { change = .removed }
        } else if old == nil {
            change = .added
        } else {
            change = new == nil ? .removed : .modified
        }
    }

    /// Whether the values are looked into: at least one is a filled object or list of its own fields, and the other one is none or alike.
    private static func splits(_ old: JSONValue?, _ new: JSONValue?, _ shape: FieldShape) -> Bool {
        func size(_ value: JSONValue?) -> Int? {
            guard let value, !value.isNull else { return 0 }
            return shape.members(value)?.count ?? shape.items(value)?.count
        }
        guard let before = size(old), let after = size(new) else { return false }
        return before > 0 || after > 0
    }

    private mutating func compareMembers(_ old: JSONValue?, _ new: JSONValue?, _ shape: FieldShape) {
        let before = old.flatMap(shape.members) ?? JSONObject()
        let after = new.flatMap(shape.members) ?? JSONObject()
        var nodes = Nodes()
        for member in after {
            let element = PathElement.field(member.key)
            let previous = before[member.key] ?? (old == nil ? nil : shape.silentValue(member.key))
            nodes.add(element, Outcome(previous, member.value, shape.below(element)))
        }
        for member in before where after[member.key] == nil {
            let element = PathElement.field(member.key)
            nodes.add(element, Outcome(member.value, new == nil ? nil : shape.silentValue(member.key), shape.below(element)))
        }
        take(nodes)
    }

    private mutating func compareItems(_ old: [JSONValue], _ new: [JSONValue], _ shape: FieldShape) {
        let before = Self.index(old, shape)
        let after = Self.index(new, shape)
        var nodes = Nodes()
        for (element, items) in after {
            let previous = before[element]
            if items.count > 1 || (previous?.count ?? 0) > 1 {
                // Repeated items cannot be told apart, so they differ as a whole.
                var whole = Outcome()
                if previous == nil { whole.change = .added } else if previous != items { whole.change = .modified }
                nodes.add(element, whole)
            } else {
                nodes.add(element, Outcome(previous?.first, items.first, shape.below(element)))
            }
        }
        for (element, items) in before where after[element] == nil {
            nodes.add(element, Outcome(items.first, nil, shape.below(element)))
        }
        take(nodes)
    }

    private static func index(_ items: [JSONValue], _ shape: FieldShape) -> [PathElement: [JSONValue]] {
        var index: [PathElement: [JSONValue]] = [:]
        for item in items {
            if let element = shape.element(of: item) { index[element, default: []].append(item) }
        }
        return index
    }

    private init() {}

    private mutating func take(_ nodes: Nodes) {
        if !nodes.added.isEmpty { added = FieldSet(unsorted: nodes.added) }
        if !nodes.modified.isEmpty { modified = FieldSet(unsorted: nodes.modified) }
        if !nodes.removed.isEmpty { removed = FieldSet(unsorted: nodes.removed) }
    }

    /// The nodes of one level, by what became of them.
    private struct Nodes {
        var added: [FieldSet.Node] = []
        var modified: [FieldSet.Node] = []
        var removed: [FieldSet.Node] = []

        mutating func add(_ element: PathElement, _ outcome: Outcome) {
            if outcome.change == .added || !outcome.added.isEmpty {
                added.append(FieldSet.Node(element, isMember: outcome.change == .added, children: outcome.added))
            }
            if outcome.change == .modified || !outcome.modified.isEmpty {
                modified.append(FieldSet.Node(element, isMember: outcome.change == .modified, children: outcome.modified))
            }
            if outcome.change == .removed || !outcome.removed.isEmpty {
                removed.append(FieldSet.Node(element, isMember: outcome.change == .removed, children: outcome.removed))
            }
        }
    }
}

extension FieldShape {
    /// What a present object holds at a member that its JSON does not show; nil when it can be absent.
    fileprivate func silentValue(_ name: String) -> JSONValue? {
        if case .object(let type) = self { type.field(name)?.silentValue } else { nil }
    }
}

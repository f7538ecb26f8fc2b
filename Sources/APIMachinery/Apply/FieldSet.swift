package import JSONCore

/// A set of fields of an object: a tree of path elements, sorted on every level. Source: structured-merge-diff `fieldpath/set.go`.
///
/// A node can be a member, have members below it, or both. No node is neither.
package struct FieldSet: Sendable, Hashable {
    /// One element of a level.
    package struct Node: Sendable, Hashable {
        /// The step that leads here.
        package let element: PathElement
        /// Whether the place itself belongs to the set.
        package var isMember: Bool
        /// What below it belongs to the set.
        package var children: FieldSet

        init(_ element: PathElement, isMember: Bool = false, children: FieldSet = FieldSet()) {
            self.element = element
            self.isMember = isMember
            self.children = children
        }
    }

    /// The level's nodes, ascending.
    package private(set) var nodes: [Node] = []

    /// The empty set.
    package init() {}

    /// A level of nodes with distinct elements, in any order; those that hold nothing are left out.
    init(unsorted nodes: [Node]) {
        self.nodes = nodes.filter { $0.isMember || !$0.children.isEmpty }
        self.nodes.sort { $0.element < $1.element }
    }

    private init(sorted nodes: [Node]) { self.nodes = nodes }

    /// A set of paths.
    package init(paths: [[PathElement]]) {
        for path in paths { insert(path[...]) }
    }

    /// Whether nothing belongs to the set.
    package var isEmpty: Bool { nodes.isEmpty }

    /// How many fields belong to the set.
    package var count: Int { nodes.reduce(0) { $0 + ($1.isMember ? 1 : 0) + $1.children.count } }

    /// The node of an element.
    subscript(element: PathElement) -> Node? {
        let place = place(of: element)
        guard place < nodes.count, nodes[place].element == element else { return nil }
        return nodes[place]
    }

    /// Whether the field at a path belongs to the set.
    package func contains(_ path: some Collection<PathElement>) -> Bool {
        guard let first = path.first, let node = self[first] else { return false }
        return path.count == 1 ? node.isMember : node.children.contains(path.dropFirst())
    }

    /// Adds the field at a path, not those above it.
    package mutating func insert(_ path: ArraySlice<PathElement>) {
        guard let first = path.first else { return }
        let place = place(of: first)
        if place == nodes.count || nodes[place].element != first { nodes.insert(Node(first), at: place) }
        if path.count == 1 { nodes[place].isMember = true } else { nodes[place].children.insert(path.dropFirst()) }
    }

    private func place(of element: PathElement) -> Int {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].element < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension FieldSet {
    /// What belongs to either set.
    package func union(_ other: FieldSet) -> FieldSet {
        if isEmpty { return other }
        if other.isEmpty { return self }
        return merge(other) { left, right in
            guard var node = left else { return right }
            guard let right else { return left }
            node.isMember = node.isMember || right.isMember
            node.children = node.children.union(right.children)
            return node
        }
    }

    /// What belongs to both sets.
    package func intersection(_ other: FieldSet) -> FieldSet {
        if isEmpty || other.isEmpty { return FieldSet() }
        return merge(other) { left, right in
            guard var node = left, let right else { return nil }
            node.isMember = node.isMember && right.isMember
            node.children = node.children.intersection(right.children)
            return node
        }
    }

    /// What belongs to this set and not to the other. A parent in the other takes nothing below it away.
    package func subtracting(_ other: FieldSet) -> FieldSet {
        if isEmpty || other.isEmpty { return self }
        return merge(other) { left, right in
            guard var node = left else { return nil }
            guard let right else { return left }
            node.isMember = node.isMember && !right.isMember
            node.children = node.children.subtracting(right.children)
            return node
        }
    }

    /// As ``subtracting(_:)``, but a parent in the other takes everything below it away.
    package func subtractingRecursively(_ other: FieldSet) -> FieldSet {
        if isEmpty || other.isEmpty { return self }
        return merge(other) { left, right in
            guard var node = left else { return nil }
            guard let right else { return left }
            if right.isMember { return nil }
            node.children = node.children.subtractingRecursively(right.children)
            return node
        }
    }

    /// The set with every field of a type that leads to a member made a member itself; entries of free maps and items of lists stay
    /// as they are.
    func withNamedFields(_ shape: FieldShape) -> FieldSet {
        FieldSet(
            sorted: nodes.map { node in
                var node = node
                guard !node.children.isEmpty else { return node }
                if case .field(let name) = node.element, shape.declares(name) { node.isMember = true }
                node.children = node.children.withNamedFields(shape.below(node.element))
                return node
            })
    }

    /// Calls `body` with the path of every member: those of a level first, then what lies below it.
    package func visit(_ body: ([PathElement]) -> Void) { visit([], body) }

    private func visit(_ prefix: [PathElement], _ body: ([PathElement]) -> Void) {
        for node in nodes where node.isMember { body(prefix + [node.element]) }
        for node in nodes where !node.children.isEmpty { node.children.visit(prefix + [node.element], body) }
    }

    /// Joins two levels; a node that `combine` leaves with nothing is dropped.
    private func merge(_ other: FieldSet, _ combine: (Node?, Node?) -> Node?) -> FieldSet {
        var result: [Node] = []
        result.reserveCapacity(nodes.count)
        func add(_ node: Node?) {
            if let node, node.isMember || !node.children.isEmpty { result.append(node) }
        }
        var (left, right) = (0, 0)
        while left < nodes.count || right < other.nodes.count {
            if right == other.nodes.count || (left < nodes.count && nodes[left].element < other.nodes[right].element) {
                add(combine(nodes[left], nil))
                left += 1
            } else if left == nodes.count || other.nodes[right].element < nodes[left].element {
                add(combine(nil, other.nodes[right]))
                right += 1
            } else {
                add(combine(nodes[left], other.nodes[right]))
                left += 1
                right += 1
            }
        }
        return FieldSet(sorted: result)
    }
}

extension FieldSet {
    /// Reads `fieldsV1`; nil when it is malformed. The depth is that of the value.
    package init?(fieldsV1 value: JSONValue) {
        guard case .object(let members) = value else { return nil }
        var nodes: [Node] = []
        nodes.reserveCapacity(members.count)
        for member in members where member.key != "." {
            guard let element = PathElement(serialized: member.key), case .object(let below) = member.value,
                let children = FieldSet(fieldsV1: member.value)
            else { return nil }
            nodes.append(Node(element, isMember: below.isEmpty || below["."] != nil, children: children))
        }
        let isSorted = zip(nodes, nodes.dropFirst()).allSatisfy { $0.element < $1.element }
        if isSorted {
            self.init(sorted: nodes)
        } else {
            // Two spellings of one element would break the order that every operation relies on.
            guard Set(nodes.map(\.element)).count == nodes.count else { return nil }
            self.init(unsorted: nodes)
        }
    }

    /// Appends the `fieldsV1` text.
    package func write(into out: inout [UInt8]) { write(isMember: false, into: &out) }

    private func write(isMember: Bool, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        var isFirst = true
        if isMember, !nodes.isEmpty {
            out += "\".\":{}".utf8
            isFirst = false
        }
        for node in nodes {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            node.element.write(into: &out)
            out.append(UInt8(ascii: ":"))
            node.children.write(isMember: node.isMember, into: &out)
        }
        out.append(UInt8(ascii: "}"))
    }
}

extension [PathElement] {
    /// `.spec.containers[name="x"].image`.
    package var fieldText: String { map(\.description).joined() }
}

package import JSONCore

extension FieldSet {
    /// The fields that a configuration names, which its applier then owns. Source: structured-merge-diff `typed/tofieldset.go`.
    package init(of value: JSONValue, type: TypeSchema) { self.init(of: value, .object(type)) }

    init(of value: JSONValue, _ shape: FieldShape) {
        if let members = shape.members(value) {
            self.init(
                unsorted: members.map { member in
                    let below = shape.below(.field(member.key))
                    return Node(
                        .field(member.key), isMember: Self.isOwn(member.value, below) || !shape.declares(member.key),
                        children: FieldSet(of: member.value, below))
                })
        } else if let items = shape.items(value) {
            var nodes: [PathElement: Node] = [:]
            for item in items {
                guard let element = shape.element(of: item) else { continue }
                // Of an item that is there twice only the place itself is owned.
                let isRepeated = nodes[element] != nil
                nodes[element] = Node(
                    element, isMember: true, children: isRepeated ? FieldSet() : FieldSet(of: item, shape.below(element)))
            }
            self.init(unsorted: Array(nodes.values))
        } else {
            self.init()
        }
    }

    /// Whether a value is a field of its own, as opposed to what is inside it.
    private static func isOwn(_ value: JSONValue, _ shape: FieldShape) -> Bool {
        if let members = shape.members(value) { return members.isEmpty }
        if let items = shape.items(value) { return items.isEmpty }
        return true
    }
}

/// One YAML document with the places its parts stand at.
package struct YAMLDocument: Sendable {
    /// The document as a JSON value; `null` when it is empty.
    package let value: JSONValue
    /// The lines the document spans, from its `---` or its first content on, up to where the next one starts.
    package let range: Range<Int>
    private let marks: YAMLMarkTree

    init(value: JSONValue, marks: YAMLMarkTree, range: Range<Int>) {
        self.value = value
        self.marks = marks
        self.range = range
    }

    /// Where the value a pointer leads to starts; nil when there is none. A value that came through an alias or a merge
    /// is where the anchor is.
    package func mark(of pointer: JSONPointer) -> YAMLMark? {
        node(pointer)?.mark
    }

    /// Where the key of the member a pointer leads to starts; nil for the root and for array elements.
    package func keyMark(of pointer: JSONPointer) -> YAMLMark? {
        node(pointer)?.keyMark
    }

    /// Where the deepest existing part of a pointer's path stands: for a missing field its parent's key.
    package func nearestMark(of pointer: JSONPointer) -> YAMLMark {
        var current: JSONPointer? = pointer
        while let candidate = current {
            if let found = node(candidate) { return found.keyMark ?? found.mark }
            current = candidate.parent
        }
        return marks.mark
    }

    /// Where the last key or value inside the value a pointer leads to starts; nil when there is none.
    package func lastMark(of pointer: JSONPointer) -> YAMLMark? {
        node(pointer)?.last
    }

    private func node(_ pointer: JSONPointer) -> YAMLMarkTree? {
        var node = marks
        var value = value
        for token in pointer.tokens {
            let position: Int
            switch value {
            case .object(let members):
                guard let place = members.position(of: token) else { return nil }
                position = place
                value = members[place].value
            case .array(let elements):
                guard let place = JSONPointer.arrayIndex(token), place < elements.count else { return nil }
                position = place
                value = elements[place]
            default:
                return nil
            }
            node = node.children[position]
        }
        return node
    }
}

/// The places of a value and its parts; children stand in the order of the value's members or elements.
struct YAMLMarkTree: Sendable {
    var mark: YAMLMark
    var keyMark: YAMLMark?
    var children: [YAMLMarkTree] = []

    /// The place furthest down the text; an alias inside may lead up.
    var last: YAMLMark {
        var last = mark
        for child in children {
            for candidate in [child.keyMark ?? child.mark, child.last] where candidate.offset > last.offset { last = candidate }
        }
        return last
    }
}

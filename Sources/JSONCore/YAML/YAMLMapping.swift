/// A mapping while it is read: explicit members, and those merged in, which never replace explicit ones.
struct YAMLMapping {
    private let start: YAMLMark
    private var members = JSONObject()
    private var marks: [YAMLMarkTree] = []
    private var weight = YAMLComposer.nodeWeight
    private var merged: [YAMLComposer.Node] = []

    init(start: YAMLMark) {
        self.start = start
    }

    /// A scalar as the text of a key; nil for `null`, lists and maps. Source: sigs.k8s.io/yaml convertToJSONableObject.
    static func key(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .double(let number): number.description
        case .null, .array, .object: nil
        }
    }

    func checkIsNew(_ key: String, at mark: YAMLMark) throws(YAMLError) {
        guard let earlier = members.position(of: key) else { return }
        let place = marks[earlier].keyMark ?? start
        throw YAMLError(message: "duplicate key \(key.inQuotes), first on line \(place.line + 1)", mark: mark)
    }

    func contains(_ key: String) -> Bool { members.position(of: key) != nil }

    /// Adds a member; a repeated key keeps its first place and gets the new value.
    mutating func add(_ key: String, at keyMark: YAMLMark, _ node: YAMLComposer.Node) {
        var mark = node.marks
        mark.keyMark = keyMark
        if let place = members.position(of: key) {
            members[key] = node.value
            marks[place] = mark
        } else {
            members.append(unchecked: key, value: node.value)
            marks.append(mark)
        }
        weight += YAMLComposer.nodeWeight + key.utf8.count + node.weight
    }

    mutating func merge(_ node: YAMLComposer.Node) throws(YAMLError) {
        switch node.value {
        case .object:
            merged.append(node)
        case .array(let elements):
            for (element, mark) in zip(elements, node.marks.children) {
                guard case .object = element else { throw notAMap(mark.mark) }
                merged.append(YAMLComposer.Node(value: element, marks: mark, weight: 0))
            }
            weight += node.weight
        default:
            throw notAMap(node.marks.mark)
        }
    }

    /// The finished node; among merged maps the first one that has a key gives its value.
    consuming func finish() -> YAMLComposer.Node {
        for source in merged {
            weight += source.weight
            guard case .object(let others) = source.value else { continue }
            for (member, mark) in zip(others, source.marks.children) where members.position(of: member.key) == nil {
                members.append(unchecked: member.key, value: member.value)
                marks.append(mark)
            }
        }
        return YAMLComposer.Node(value: .object(members), marks: YAMLMarkTree(mark: start, children: marks), weight: weight)
    }

    private func notAMap(_ mark: YAMLMark) -> YAMLError {
        YAMLError(message: "\"<<\" merges a map or a list of maps", mark: mark)
    }
}

package import JSONCore

/// Where in an object a value is: the part of kubectl's JSONPath that definitions use for columns, scale and selectable fields:
/// `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`, `.metadata.annotations['example\.com/a']`, `.spec.ports[*].port`.
/// Source: client-go `util/jsonpath`.
package struct ValuePath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case field(String)
        case index(Int)
        case slice(Int?, Int?)
        case all
        /// Items in which a path has a value, compared by an operator; nil asks only whether it is there.
        case filter([String], Comparison?)
        /// Every value below, of a name.
        case descend(String)
    }

    struct Comparison: Sendable, Hashable {
        enum Operator: String, Sendable, CaseIterable {
            case equal = "=="
            case unequal = "!="
            case atMost = "<="
            case atLeast = ">="
            case below = "<"
            case above = ">"
        }
        let op: Operator
        let value: JSONValue
    }

    let steps: [Step]

    /// Values found by one path, at most.
    private static let mostValues = 1000

    /// Reads a path that starts with a dot or a bracket. Throws the reason when it cannot be read.
    package init(parsing text: String) throws(ValuePathError) {
        var parser = ValuePathParser(text)
        steps = try parser.steps()
    }

    /// The names of the fields when the path is nothing but fields: `.spec.replicas`; nil otherwise.
    package var fields: [String]? {
        var names: [String] = []
        for step in steps {
            guard case .field(let name) = step else { return nil }
            names.append(name)
        }
        return names
    }

    /// The values the path leads to, in order.
    package func values(in root: JSONValue) -> [JSONValue] {
        var current = [root]
        for step in steps {
            current = Array(current.lazy.flatMap { Self.follow(step, $0) }.prefix(Self.mostValues))
            if current.isEmpty { return [] }
        }
        return current
    }

    private static func follow(_ step: Step, _ value: JSONValue) -> [JSONValue] {
        switch step {
        case .field(let name): return value[name].map { [$0] } ?? []
        case .index(let index):
            guard case .array(let elements) = value else { return [] }
            return value[index < 0 ? elements.count + index : index].map { [$0] } ?? []
        case .slice(let start, let end):
            guard case .array(let elements) = value else { return [] }
            func place(_ index: Int) -> Int { min(max(index < 0 ? elements.count + index : index, 0), elements.count) }
            let low = place(start ?? 0)
            let high = place(end ?? elements.count)
            return low < high ? Array(elements[low..<high]) : []
        case .all:
            switch value {
            case .array(let elements): return elements
            case .object(let members): return members.map(\.value)
            default: return []
            }
        case .filter(let path, let comparison):
            guard case .array(let elements) = value else { return [] }
            return elements.filter { matches($0, path, comparison) }
        case .descend(let name):
            var found: [JSONValue] = []
            collect(name, value, &found, depth: 0)
            return found
        }
    }

    private static func collect(_ name: String, _ value: JSONValue, _ found: inout [JSONValue], depth: Int) {
        guard depth < JSONLimits.deepestDepth, found.count < mostValues else { return }
        switch value {
        case .array(let elements): for element in elements { collect(name, element, &found, depth: depth + 1) }
        case .object(let members):
            if let value = members[name] { found.append(value) }
            for member in members { collect(name, member.value, &found, depth: depth + 1) }
        default: break
        }
    }

    private static func matches(_ item: JSONValue, _ path: [String], _ comparison: Comparison?) -> Bool {
        let found = path.isEmpty ? item : item.value(at: path[...])
        guard let found else { return false }
        guard let comparison else { return true }
        let order: Int
        if let left = found.doubleValue, let right = comparison.value.doubleValue {
            order = left < right ? -1 : (left > right ? 1 : 0)
        } else if let left = found.stringValue, let right = comparison.value.stringValue {
            order = left < right ? -1 : (left > right ? 1 : 0)
        } else if let left = found.boolValue, let right = comparison.value.boolValue {
            order = left == right ? 0 : 1
        } else {
            return false
        }
        return switch comparison.op {
        case .equal: order == 0
        case .unequal: order != 0
        case .atMost: order <= 0
        case .atLeast: order >= 0
        case .below: order < 0
        case .above: order > 0
        }
    }
}

/// Why a text is no path.
package struct ValuePathError: Error, Sendable, Hashable {
    /// The reason, for people.
    package let message: String
}

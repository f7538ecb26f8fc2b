import JSONCore

/// Where a walk over an object is, and how messages write that place.
struct FieldPath {
    /// One step down.
    enum Element {
        case field(String)
        case index(Int)
        case key(String)
    }

    var elements: [Element] = []

    mutating func push(_ element: Element) { elements.append(element) }
    mutating func pop() { elements.removeLast() }

    /// `spec.containers[0].image`, `metadata.labels[app]`: as validation writes it.
    var text: String { render { "[\($0)]" } }

    /// `spec.containers[0].image`, `metadata.labels.app`: as strict decoding writes it.
    var strictText: String { render { ".\($0)" } }

    /// `spec.containers.image`: as Go's JSON decoder writes it.
    var goText: String {
        var out = ""
        for case .field(let name) in elements { out += out.isEmpty ? name : ".\(name)" }
        return out
    }

    /// The same place as a JSON pointer.
    var pointer: JSONPointer {
        JSONPointer(
            elements.map { element in
                switch element {
                case .field(let name), .key(let name): name
                case .index(let index): String(index)
                }
            })
    }

    private func render(_ key: (String) -> String) -> String {
        var out = ""
        for element in elements {
            switch element {
            case .field(let name): out += out.isEmpty ? name : ".\(name)"
            case .index(let index): out += "[\(index)]"
            case .key(let name): out += key(name)
            }
        }
        return out
    }

    /// A pointer as strict decoding writes it: list positions in brackets, whatever else after a dot.
    static func strictText(of pointer: JSONPointer, in value: JSONValue) -> String {
        var path = FieldPath()
        var current: JSONValue? = value
        for token in pointer.tokens {
            if case .array(let elements)? = current, let index = JSONPointer.arrayIndex(token) {
                path.push(.index(index))
                current = index < elements.count ? elements[index] : nil
            } else {
                path.push(.field(token))
                current = current?[token]
            }
        }
        return path.strictText
    }
}

extension JSONValue {
    /// The member named `key` of an object; nil when this is no object or has no such member.
    /// Setting nil removes the member; setting on anything but an object makes an object of it.
    package subscript(key: String) -> JSONValue? {
        get {
            if case .object(let members) = self { members[key] } else { nil }
        }
        set {
            var members: JSONObject
            if case .object(let existing) = self {
                members = existing
            } else if newValue == nil {
                return
            } else {
                members = JSONObject()
            }
            // Gives up our own reference first, so that the members are changed in place.
            self = .null
            members[key] = newValue
            self = .object(members)
        }
    }

    /// The element at `index` of an array; nil when this is no array or the index is outside.
    package subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The value below nested objects: `value["metadata", "name"]`.
    /// Setting creates the objects on the way; setting nil removes the last member and creates nothing.
    package subscript(path: String...) -> JSONValue? {
        get { value(at: path[...]) }
        set { setValue(newValue, at: path[...]) }
    }

    /// The value below nested objects, for a path made at run time.
    package func value(at path: ArraySlice<String>) -> JSONValue? {
        var current = self
        for key in path {
            guard case .object(let members) = current, let next = members[key] else { return nil }
            current = next
        }
        return current
    }

    /// Sets the value below nested objects, creating them; nil removes the last member and creates nothing.
    package mutating func setValue(_ newValue: JSONValue?, at path: ArraySlice<String>) {
        guard let key = path.first else {
            self = newValue ?? .null
            return
        }
        guard path.count > 1 else {
            self[key] = newValue
            return
        }
        var members: JSONObject
        if case .object(let existing) = self {
            members = existing
        } else {
            members = JSONObject()
        }
        guard var child = members[key] ?? (newValue == nil ? nil : .object(JSONObject())) else { return }
        if newValue == nil, child.objectValue == nil { return }
        self = .null
        members[key] = .null
        child.setValue(newValue, at: path.dropFirst())
        members[key] = child
        self = .object(members)
    }

    /// The value a pointer leads to, through objects and arrays; nil when there is none.
    package subscript(pointer pointer: JSONPointer) -> JSONValue? {
        var current = self
        for token in pointer.tokens {
            switch current {
            case .object(let members):
                guard let next = members[token] else { return nil }
                current = next
            case .array(let elements):
                guard let index = JSONPointer.arrayIndex(token), index < elements.count else { return nil }
                current = elements[index]
            default:
                return nil
            }
        }
        return current
    }
}

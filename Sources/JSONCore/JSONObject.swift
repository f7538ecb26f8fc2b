/// The members of a JSON object in their written order. Two objects are equal when they hold the same members in any order.
///
/// A lookup walks the members of a small object; a large one (more than ``indexThreshold`` members) carries an index, so that no
/// input makes a lookup slow.
package struct JSONObject: Sendable {
    /// One key with its value.
    package struct Member: Sendable, Hashable {
        /// The member's name.
        package let key: String
        /// The member's value.
        package var value: JSONValue

        /// A member.
        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// The number of members above which an index is kept.
    package static let indexThreshold = 32

    private var members: [Member]
    private var index: [String: Int]?

    /// An object without members.
    package init() {
        members = []
    }

    /// An object of members whose keys are known to be distinct.
    package init(unchecked members: [Member]) {
        self.members = members
        if members.count > Self.indexThreshold { reindex() }
    }

    /// An object of pairs; a repeated key keeps its first place and its last value.
    package init(_ pairs: some Sequence<(String, JSONValue)>) {
        members = []
        for (key, value) in pairs { self[key] = value }
    }

    /// The keys in order.
    package var keys: [String] { members.map(\.key) }

    /// The value of `key`; setting nil removes it, setting a new key appends it.
    package subscript(key: String) -> JSONValue? {
        get {
            guard let position = position(of: key) else { return nil }
            return members[position].value
        }
        set {
            guard let newValue else {
                removeValue(forKey: key)
                return
            }
            if let position = position(of: key) {
                members[position].value = newValue
            } else {
                append(unchecked: key, value: newValue)
            }
        }
    }

    /// The place of `key` among the members.
    package func position(of key: String) -> Int? {
        if let index { return index[key] }
        for position in members.indices where members[position].key == key { return position }
        return nil
    }

    /// Appends a member whose key is known to be absent.
    package mutating func append(unchecked key: String, value: JSONValue) {
        members.append(Member(key: key, value: value))
        if index != nil {
            index?[key] = members.count - 1
        } else if members.count > Self.indexThreshold {
            reindex()
        }
    }

    /// Makes room for `count` members in all.
    package mutating func reserveCapacity(_ count: Int) {
        members.reserveCapacity(count)
    }

    /// Removes the member of `key` and returns its value.
    @discardableResult
    package mutating func removeValue(forKey key: String) -> JSONValue? {
        guard let position = position(of: key) else { return nil }
        let removed = members.remove(at: position)
        if index != nil { reindex() }
        return removed.value
    }

    /// Removes every member that satisfies the condition, in one pass.
    package mutating func removeAll(where shouldRemove: (Member) -> Bool) {
        members.removeAll(where: shouldRemove)
        if index != nil { reindex() }
    }

    /// The same members, with every value passed through `transform`.
    package func mapValues<Failure: Error>(_ transform: (JSONValue) throws(Failure) -> JSONValue) throws(Failure) -> JSONObject {
        var result = self
        for position in members.indices {
            result.members[position].value = try transform(members[position].value)
        }
        return result
    }

    private mutating func reindex() {
        guard members.count > Self.indexThreshold else {
            index = nil
            return
        }
        var fresh = [String: Int](minimumCapacity: members.count)
        for position in members.indices { fresh[members[position].key] = position }
        index = fresh
    }
}

extension JSONObject: RandomAccessCollection, ExpressibleByDictionaryLiteral {
    /// Always 0.
    package var startIndex: Int { 0 }
    /// The number of members.
    package var endIndex: Int { members.count }
    /// The member at a place; its value can be replaced.
    package subscript(position: Int) -> Member {
        get { members[position] }
        set {
            precondition(newValue.key == members[position].key, "a member keeps its key")
            members[position].value = newValue.value
        }
    }

    /// An object of pairs; a repeated key keeps its last value.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }
}

extension JSONObject: Hashable {
    /// Equality of members without regard to their order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        for position in left.members.indices {
            let member = left.members[position]
            var other = right.members[position]
            if other.key != member.key {
                guard let place = right.position(of: member.key) else { return false }
                other = right.members[place]
            }
            guard other.value == member.value, other.key.hasSameBytes(as: member.key) else { return false }
        }
        return true
    }

    /// A hash that does not depend on the order of the members.
    package func hash(into hasher: inout Hasher) {
        var combined = 0
        for member in members {
            var own = Hasher()
            own.combine(member)
            combined ^= own.finalize()
        }
        hasher.combine(members.count)
        hasher.combine(combined)
    }
}

package import APIMachinery
import JSONCore
package import KubeClient

/// Labels and annotations of any object.
package enum ObjectMarks {
    /// Which of the two maps.
    package enum Map: String, Sendable, Hashable { case labels, annotations }

    /// The entries of a map, by key.
    package static func entries(_ object: KubeObject, _ map: Map) -> [(key: String, value: String)] {
        (map == .labels ? object.labels : object.annotations).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Sets an entry from `key=value`, or removes it from `key-`, in place of the entry `old` (nil: beside the others). Throws BadRequest
    /// for a text of neither form.
    package static func change(
        _ target: ObjectTarget, _ map: Map, _ old: String?, _ text: String, _ client: KubeClient
    ) async throws(APIStatus) -> String {
        let (key, value) = try parse(text)
        var entries: [(String, JSONValue)] = [(key, value.map { .string($0) } ?? .null)]
        if let old, old != key { entries.append((old, .null)) }
        var change: JSONValue = ["metadata": [:]]
        change["metadata", map.rawValue] = .object(JSONObject(entries))
        if let uid = target.uid { change["metadata", "uid"] = .string(uid) }
        _ = try await client.patch(target.resource, namespace: target.namespace, name: target.name, type: .merge, change)
        let singular = map == .labels ? "label" : "annotation"
        let moved = old.map { $0 == key ? "" : " in place of \($0)" } ?? ""
        return "\(target.text): \(singular) \(key) \(value == nil ? "removed" : "set\(moved)")"
    }

    /// Throws BadRequest for a text that neither sets nor removes an entry.
    package static func check(_ text: String) throws(APIStatus) { _ = try parse(text) }

    private static func parse(_ text: String) throws(APIStatus) -> (key: String, value: String?) {
        if let equals = text.firstIndex(of: "=") {
            let key = text[..<equals].trimmed
            guard !key.isEmpty else { throw .badRequest("\"\(text)\" has no key: write key=value") }
            return (key, String(text[text.index(after: equals)...]))
        }
        let word = text.trimmed
        guard word.hasSuffix("-"), word.count > 1 else { throw .badRequest("\"\(text)\" is neither key=value, which sets, nor key-, which removes") }
        return (String(word.dropLast()), nil)
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}

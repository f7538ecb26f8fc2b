import Glibc

/// The name of an object in the store, `group/resource/namespace/name`; the core group and the namespace of cluster-scoped objects are empty.
///
/// Keys are ordered and compared by their UTF-8 bytes, as SQLite does, never by Unicode equivalence.
package struct ObjectKey: Sendable {
    /// The whole key.
    package let string: String

    /// A key read back from where one was written.
    package init(string: String) {
        self.string = string
    }

    /// The key of one object; `namespace` is nil or empty for a cluster-scoped one.
    package init(group: String, resource: String, namespace: String?, name: String) {
        string = "\(group)/\(resource)/\(namespace ?? "")/\(name)"
    }

    /// What the keys of a resource start with: all its objects when `namespace` is nil, else those of the namespace.
    package static func prefix(group: String, resource: String, namespace: String?) -> String {
        guard let namespace else { return "\(group)/\(resource)/" }
        return "\(group)/\(resource)/\(namespace)/"
    }

    /// The last part.
    package var name: String { part(3) }

    /// The third part; nil for a cluster-scoped object.
    package var namespace: String? {
        let namespace = part(2)
        return namespace.isEmpty ? nil : namespace
    }

    /// Whether the key starts with the bytes of `prefix`.
    package func hasPrefix(_ prefix: String) -> Bool {
        string.withBytes { key in
            prefix.withBytes { prefix in
                prefix.count <= key.count && compare(key, prefix, count: prefix.count) == 0
            }
        }
    }

    private func part(_ index: Int) -> String {
        let parts = string.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        return index < parts.count ? String(Substring(parts[index])) : ""
    }
}

extension ObjectKey: Hashable, Comparable {
    package static func == (left: ObjectKey, right: ObjectKey) -> Bool {
        left.string.compareBytes(with: right.string) == 0
    }

    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.string.compareBytes(with: right.string) < 0
    }

    package func hash(into hasher: inout Hasher) {
        string.withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Calls `body` with the UTF-8 bytes, copying them only when the string is not stored as such.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        return Array(utf8).withUnsafeBufferPointer(body)
    }

    /// Below, equal to or above zero as the bytes sort before, equal or after those of `other`.
    func compareBytes(with other: String) -> Int {
        withBytes { left in
            other.withBytes { right in
                let order = compare(left, right, count: min(left.count, right.count))
                return order != 0 ? order : left.count - right.count
            }
        }
    }
}

private func compare(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>, count: Int) -> Int {
    guard count > 0, let left = left.baseAddress, let right = right.baseAddress else { return 0 }
    return Int(memcmp(left, right, count))
}

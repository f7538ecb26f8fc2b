package import JSONCore

/// What comes back with a deleted object, as kdash's own cluster tells before anything is written.
package struct RestoreOutlook: Sendable, Hashable {
    /// An object that comes back.
    package struct Item: Sendable, Hashable {
        /// Its uid before it was deleted.
        package var uid: String
        /// Its kind.
        package var kind: String
        /// Its namespace; nil when it has none.
        package var namespace: String?
        /// Its name.
        package var name: String
    }

    /// An object that does not.
    package struct Left: Sendable, Hashable {
        /// Its kind.
        package var kind: String
        /// Its namespace; nil when it has none.
        package var namespace: String?
        /// Its name.
        package var name: String
        /// Why, as the rest of a sentence that begins with the object.
        package var reason: String
        /// Whether a controller makes another one anyway.
        package var isMadeAnew: Bool
    }

    /// What comes back, the object itself first.
    package var items: [Item]
    /// What does not.
    package var left: [Left]

    /// Reads a server's answer; nil when it is something else, as of a server that does not know the question.
    package init?(_ value: JSONValue) {
        guard value["kind"] == "ObjectRestore", let items = value["items"]?.arrayValue else { return nil }
        self.items = items.compactMap { item in
            guard let uid = item["uid"]?.stringValue, let kind = item["kind"]?.stringValue, let name = item["name"]?.stringValue else { return nil }
            return Item(uid: uid, kind: kind, namespace: item["namespace"]?.stringValue, name: name)
        }
        left = (value["left"]?.arrayValue ?? []).compactMap { left in
            guard let kind = left["kind"]?.stringValue, let name = left["name"]?.stringValue else { return nil }
            return Left(
                kind: kind, namespace: left["namespace"]?.stringValue, name: name, reason: left["reason"]?.stringValue ?? "",
                isMadeAnew: left["madeAnew"]?.boolValue ?? false)
        }
    }
}

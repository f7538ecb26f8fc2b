package import JSONCore

/// One entry of `metadata.ownerReferences`.
package struct OwnerReference: Sendable, Hashable {
    /// The owner's `apiVersion`.
    package var apiVersion: String
    /// The owner's kind.
    package var kind: String
    /// The owner's name.
    package var name: String
    /// The owner's uid, which decides identity.
    package var uid: String
    /// Whether this owner manages the object; at most one does.
    package var controller: Bool?
    /// Whether foreground deletion of the owner waits for this object.
    package var blockOwnerDeletion: Bool?

    /// A reference from its parts.
    package init(
        apiVersion: String, kind: String, name: String, uid: String, controller: Bool? = nil, blockOwnerDeletion: Bool? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.controller = controller
        self.blockOwnerDeletion = blockOwnerDeletion
    }

    /// The reference that makes `owner` the managing owner of a dependent.
    package init(controller owner: KubeObject) {
        self.init(
            apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid, controller: true,
            blockOwnerDeletion: true)
    }

    /// Reads an entry; missing texts are empty, and nil is returned for what is no object.
    package init?(value: JSONValue) {
        guard case .object(let object) = value else { return nil }
        self.init(
            apiVersion: object["apiVersion"]?.stringValue ?? "",
            kind: object["kind"]?.stringValue ?? "",
            name: object["name"]?.stringValue ?? "",
            uid: object["uid"]?.stringValue ?? "",
            controller: object["controller"]?.boolValue,
            blockOwnerDeletion: object["blockOwnerDeletion"]?.boolValue)
    }

    /// The JSON object.
    package var value: JSONValue {
        var object = JSONObject()
        object.append(unchecked: "apiVersion", value: .string(apiVersion))
        object.append(unchecked: "kind", value: .string(kind))
        object.append(unchecked: "name", value: .string(name))
        object.append(unchecked: "uid", value: .string(uid))
        if let controller { object.append(unchecked: "controller", value: .bool(controller)) }
        if let blockOwnerDeletion { object.append(unchecked: "blockOwnerDeletion", value: .bool(blockOwnerDeletion)) }
        return .object(object)
    }
}

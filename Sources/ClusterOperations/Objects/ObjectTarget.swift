package import APIMachinery
package import KubeClient

/// The object an operation acts on: where it is found, and which one of that name is meant.
package struct ObjectTarget: Sendable, Hashable {
    /// Where objects of its kind are found.
    package var resource: GroupVersionResource
    /// Its kind, for messages: `Deployment`.
    package var kind: String
    /// Its namespace; nil when cluster scoped.
    package var namespace: String?
    /// Its name.
    package var name: String
    /// The uid it must have; nil for whichever has the name.
    package var uid: String?

    /// A target.
    package init(_ resource: GroupVersionResource, kind: String, namespace: String?, name: String, uid: String? = nil) {
        self.resource = resource
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }

    /// An object that was read; `kind` nil for the one it says.
    package init(_ object: KubeObject, resource: GroupVersionResource, kind: String? = nil) {
        self.init(
            resource, kind: kind ?? object.kind, namespace: object.namespace, name: object.name, uid: object.uid.isEmpty ? nil : object.uid)
    }

    /// `deployment default/web`, for messages.
    package var text: String { "\(kind.lowercased()) \(namespace.map { "\($0)/" } ?? "")\(name)" }

    /// The group and kind as far as it can be told from the resource.
    package var groupKind: GroupKind { GroupKind(group: resource.group, kind: kind) }

    /// The object as it is. Throws NotFound when it is gone, also when another one has its name now.
    package func read(_ client: KubeClient) async throws(APIStatus) -> KubeObject {
        let object = try await client.get(resource, namespace: namespace, name: name)
        guard let uid, object.uid != uid else { return object }
        throw APIStatus(code: 404, reason: .notFound, message: "\(text) is gone; another one has its name now (uid \(object.uid))")
    }
}

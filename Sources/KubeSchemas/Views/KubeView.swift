package import APIMachinery
import JSONCore

/// A typed look at one kind of object. It reads only what code needs, and keeps every field that it does not know.
package protocol KubeView: Sendable, Hashable {
    /// The whole object.
    var object: KubeObject { get set }
    /// Wraps an object; reading anything missing gives empty, zero or nil, never a trap.
    init(_ object: KubeObject)
    /// The group, version and kind.
    static var kind: GroupVersionKind { get }
    /// The group, version and plural name.
    static var resource: GroupVersionResource { get }
}

extension KubeView {
    /// An object with only its type and name.
    package init(name: String, namespace: String? = nil) {
        self.init(KubeObject(Self.kind, name: name, namespace: namespace))
    }

    /// `metadata.name`.
    package var name: String { object.name }
    /// `metadata.namespace`; nil when cluster scoped.
    package var namespace: String? { object.namespace }
    /// `metadata.uid`.
    package var uid: String { object.uid }
    /// `metadata.labels`.
    package var labels: [String: String] { object.labels }

    /// A part of the object as a view; an empty one when it is missing.
    func part<View: ValueView>(_ field: String) -> View {
        View(object.value[field] ?? .object(JSONObject()))
    }
}

extension GroupVersionKind {
    /// A kind of the core group.
    static func core(_ kind: String) -> GroupVersionKind { GroupVersionKind(group: "", version: "v1", kind: kind) }
}

extension GroupVersionResource {
    /// A resource of the core group.
    static func core(_ resource: String) -> GroupVersionResource {
        GroupVersionResource(group: "", version: "v1", resource: resource)
    }
}

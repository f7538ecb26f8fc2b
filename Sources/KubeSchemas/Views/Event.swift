package import APIMachinery
package import JSONCore
package import LinuxKernel

/// core/v1 Event.
package struct Event: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("Event")
    package static let resource = GroupVersionResource.core("events")

    /// What it is about.
    package var involvedObject: ObjectReference { part("involvedObject") }
    /// One word what happened.
    package var reason: String { object.string("reason") ?? "" }
    /// What happened, for people.
    package var message: String { object.string("message") ?? "" }
    /// `Normal` or `Warning`.
    package var type: String { object.string("type") ?? "" }
    /// How often it happened; at least 1.
    package var count: Int64 { max(1, object.integer("count") ?? object.integer("series", "count") ?? 1) }
    /// Who reports it.
    package var component: String {
        let source = object.string("source", "component") ?? ""
        return source.isEmpty ? object.string("reportingComponent") ?? "" : source
    }
    /// When it first happened.
    package var firstSeen: Timestamp? { moment("firstTimestamp") ?? moment("eventTime") ?? object.creationTimestamp }
    /// When it last happened.
    package var lastSeen: Timestamp? {
        let series = object.string("series", "lastObservedTime").flatMap { Timestamp(rfc3339: $0) }
        return series ?? moment("lastTimestamp") ?? firstSeen
    }

    private func moment(_ field: String) -> Timestamp? { object.string(field).flatMap { Timestamp(rfc3339: $0) } }
}

/// core/v1 ObjectReference.
package struct ObjectReference: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// A reference to an object, and optionally to a field of it.
    package init(_ object: KubeObject, fieldPath: String? = nil) {
        self.init(.object(["kind": .string(object.kind)]))
        set("namespace", object.namespace)
        set("name", object.name)
        set("uid", object.uid)
        set("apiVersion", object.apiVersion)
        set("resourceVersion", object.resourceVersion)
        set("fieldPath", fieldPath)
    }

    /// The object's kind.
    package var kind: String { text("kind") ?? "" }
    /// Its namespace; empty when cluster scoped.
    package var namespace: String { text("namespace") ?? "" }
    /// Its name.
    package var name: String { text("name") ?? "" }
    /// Its uid.
    package var uid: String { text("uid") ?? "" }
    /// A field of it, for example `spec.containers{app}`; may be empty.
    package var fieldPath: String { text("fieldPath") ?? "" }
}

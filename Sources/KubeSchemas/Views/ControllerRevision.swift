package import APIMachinery
package import JSONCore

/// apps/v1 ControllerRevision: one template of a DaemonSet or StatefulSet, kept.
package struct ControllerRevision: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "apps", version: "v1", kind: "ControllerRevision")
    package static let resource = GroupVersionResource(group: "apps", version: "v1", resource: "controllerrevisions")

    /// The template, as a strategic merge patch of the owner.
    package var data: JSONValue { object.value["data"] ?? .null }
    /// Counts the owner's revisions; the highest is the newest.
    package var revision: Int64 {
        get { object.integer("revision") ?? 0 }
        set { object["revision"] = .integer(newValue) }
    }
}

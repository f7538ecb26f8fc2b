package import APIMachinery
package import JSONCore

/// core/v1 Volume.
package struct Volume: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Unique in the pod.
    package var name: String { text("name") ?? "" }
    /// The one key besides the name: `emptyDir`, `hostPath`, … An empty volume is an `emptyDir`.
    package var sourceKind: String { value.objectValue?.keys.first { $0 != "name" } ?? "emptyDir" }
    /// A directory that lives as long as the pod.
    package var emptyDir: EmptyDirSource? { optionalPart("emptyDir") }
    /// A path of the node.
    package var hostPath: HostPathSource? { optionalPart("hostPath") }
    /// The keys of a ConfigMap as files.
    package var configMap: KeyedVolumeSource? { optionalPart("configMap") }
    /// The keys of a Secret as files.
    package var secret: KeyedVolumeSource? { optionalPart("secret") }
    /// Fields of the pod as files.
    package var downwardAPI: DownwardAPISource? { optionalPart("downwardAPI") }
    /// Several sources in one directory.
    package var projected: ProjectedSource? { optionalPart("projected") }
    /// Whether it holds files that are made from objects.
    package var projectsFiles: Bool { ["configMap", "secret", "downwardAPI", "projected"].contains(sourceKind) }
    /// The claim whose volume it is: its own, or the one that is made for an ephemeral volume; nil for other volumes.
    package func claimName(of pod: Pod) -> String? {
        if let claim = value["persistentVolumeClaim"], !claim.isNull { return claim["claimName"]?.stringValue ?? "" }
        return ephemeralTemplate == nil ? nil : "\(pod.name)-\(name)"
    }
    /// The image whose files it holds; nil for other volumes.
    package var imageReference: String? { value["image"].flatMap { $0.isNull ? nil : $0["reference"]?.stringValue ?? "" } }
    /// When that image is fetched: `Always`, `Never` or `IfNotPresent`.
    package var imagePullPolicy: String { value["image", "pullPolicy"]?.stringValue ?? "IfNotPresent" }
    /// Whether it is only read, as its claim's user says.
    package var isReadOnlyClaim: Bool { value["persistentVolumeClaim", "readOnly"]?.boolValue ?? false }
    /// What the claim of an ephemeral volume is made from; nil for other volumes.
    package var ephemeralTemplate: JSONValue? {
        value["ephemeral", "volumeClaimTemplate"].flatMap { $0.isNull ? nil : $0 }
    }
}

/// core/v1 EmptyDirVolumeSource.
package struct EmptyDirSource: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// `Memory` for tmpfs; empty for the node's disk.
    package var medium: String { text("medium") ?? "" }
    /// How much it may hold; nil for no limit.
    package var sizeLimit: Quantity? { value["sizeLimit"].flatMap { Quantity(json: $0) } }
}

/// core/v1 HostPathVolumeSource.
package struct HostPathSource: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The node's path.
    package var path: String { text("path") ?? "" }
    /// What must be there: `DirectoryOrCreate`, `Directory`, `File`, …; empty for no check.
    package var type: String { text("type") ?? "" }
}

/// ConfigMap, Secret and their projections.
package struct KeyedVolumeSource: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The object's name.
    package var objectName: String { text("secretName") ?? text("name") ?? "" }
    /// Which keys under which paths; empty for all.
    package var items: [KeyToPath] { parts("items") }
    /// Mode bits of the files. Default 0644.
    package var defaultMode: Int64 { integer("defaultMode") ?? 0o644 }
    /// Whether it may be missing.
    package var isOptional: Bool { flag("optional") ?? false }
}

/// core/v1 KeyToPath.
package struct KeyToPath: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The key.
    package var key: String { text("key") ?? "" }
    /// The file below the mount.
    package var path: String { text("path") ?? "" }
    /// Mode bits; nil for the volume's.
    package var mode: Int64? { integer("mode") }
}

/// core/v1 DownwardAPIVolumeSource and its projection.
package struct DownwardAPISource: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The files.
    package var items: [DownwardAPIFile] { parts("items") }
    /// Mode bits of the files. Default 0644.
    package var defaultMode: Int64 { integer("defaultMode") ?? 0o644 }
}

/// core/v1 DownwardAPIVolumeFile.
package struct DownwardAPIFile: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The file below the mount.
    package var path: String { text("path") ?? "" }
    /// Mode bits; nil for the volume's.
    package var mode: Int64? { integer("mode") }
    /// A field of the pod.
    package var fieldRef: ObjectFieldSelector? { optionalPart("fieldRef") }
    /// A resource of a container.
    package var resourceFieldRef: ResourceFieldSelector? { optionalPart("resourceFieldRef") }
}

/// core/v1 ProjectedVolumeSource.
package struct ProjectedSource: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The sources, in order.
    package var sources: [VolumeProjection] { parts("sources") }
    /// Mode bits of the files. Default 0644.
    package var defaultMode: Int64 { integer("defaultMode") ?? 0o644 }
}

/// core/v1 VolumeProjection: one of the four.
package struct VolumeProjection: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Keys of a ConfigMap.
    package var configMap: KeyedVolumeSource? { optionalPart("configMap") }
    /// Keys of a Secret.
    package var secret: KeyedVolumeSource? { optionalPart("secret") }
    /// Fields of the pod.
    package var downwardAPI: DownwardAPISource? { optionalPart("downwardAPI") }
    /// A token of the pod's service account: `audience`, `expirationSeconds`, `path`.
    package var serviceAccountToken: JSONValue? { value["serviceAccountToken"] }
}

/// core/v1 VolumeMount.
package struct VolumeMount: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The volume.
    package var name: String { text("name") ?? "" }
    /// Where it is seen inside.
    package var mountPath: String { text("mountPath") ?? "" }
    /// A path inside the volume; empty for its root.
    package var subPath: String { text("subPath") ?? "" }
    /// A path inside the volume with `$(VAR)`; empty for none.
    package var subPathExpr: String { text("subPathExpr") ?? "" }
    /// Whether writing is refused.
    package var readOnly: Bool { flag("readOnly") ?? false }
    /// `None`, `HostToContainer` or `Bidirectional`.
    package var mountPropagation: String { text("mountPropagation") ?? "None" }
    /// `Disabled`, `IfPossible` or `Enabled`.
    package var recursiveReadOnly: String { text("recursiveReadOnly") ?? "Disabled" }
}

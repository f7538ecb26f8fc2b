package import APIMachinery
import JSONCore

/// A kind that a CustomResourceDefinition adds, as controllers see it: one resource to read and write its objects by, whatever version
/// they were made in.
package struct CustomResourceKind: Sendable, Hashable {
    /// The definitions.
    package static let definitions = GroupVersionResource(
        group: "apiextensions.k8s.io", version: "v1", resource: "customresourcedefinitions")

    /// The resource, in a served version; the stored one when it is served.
    package let resource: GroupVersionResource
    /// The kind.
    package let kind: String
    /// Whether objects live in namespaces.
    package let isNamespaced: Bool
    /// What makes another kind of it although all names are the same: the definition's uid.
    package let uid: String
    /// Where its objects keep how many replicas they want, as `/scale` shows it; nil for kinds without that subresource.
    package let replicas: [String]?

    /// The kind of a definition; nil while it is not served.
    package init?(_ definition: KubeObject) {
        let conditions = definition.array("status", "conditions")
        let isEstablished = conditions.contains { $0["type"] == "Established" && $0["status"] == "True" }
        let versions = definition.array("spec", "versions").filter { $0["served"]?.boolValue == true }
        let version = versions.first { $0["storage"]?.boolValue == true } ?? versions.first
        guard isEstablished, let name = version?["name"]?.stringValue, let group = definition.string("spec", "group"),
            let plural = definition.string("status", "acceptedNames", "plural"), !plural.isEmpty,
            let kind = definition.string("status", "acceptedNames", "kind")
        else { return nil }
        resource = GroupVersionResource(group: group, version: name, resource: plural)
        self.kind = kind
        isNamespaced = definition.string("spec", "scope") == "Namespaced"
        uid = definition.uid
        let path = version?["subresources", "scale", "specReplicasPath"]?.stringValue
        // best effort: validation refuses a definition whose path cannot be read.
        replicas = path.flatMap { (try? ValuePath(parsing: $0))?.fields }
    }
}

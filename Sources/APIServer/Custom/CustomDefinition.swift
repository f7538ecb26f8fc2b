internal import APIMachinery
internal import JSONCore

/// One version of a kind that a CustomResourceDefinition describes.
struct CustomVersion: Sendable {
    let name: String
    let isServed: Bool
    let isStorage: Bool
    /// The schema as it was written.
    let schema: JSONValue
    let hasStatus: Bool
    let scale: ScalePaths?
    let columns: [JSONValue]
    /// Field selectors, as `spec.color`.
    let selectable: Set<String>
    /// What clients are told who use the version; nil when it is not deprecated.
    let warning: String?

    init(_ value: JSONValue, group: String, kind: String) {
        name = value["name"]?.stringValue ?? ""
        isServed = value["served"]?.boolValue ?? false
        isStorage = value["storage"]?.boolValue ?? false
        schema = value["schema"]?["openAPIV3Schema"] ?? .object(JSONObject())
        hasStatus = value["subresources"]?["status"]?.objectValue != nil
        scale = value["subresources"]?["scale"].flatMap { ScalePaths($0) }
        columns = value["additionalPrinterColumns"]?.arrayValue ?? []
        selectable = Set(
            (value["selectableFields"]?.arrayValue ?? []).compactMap { field in
                // best effort: validation refuses a definition whose path cannot be read.
                (try? ValuePath(parsing: field["jsonPath"]?.stringValue ?? ""))?.fields?.joined(separator: ".")
            })
        if value["deprecated"]?.boolValue == true {
            warning = value["deprecationWarning"]?.stringValue ?? "\(group)/\(name) \(kind) is deprecated"
        } else {
            warning = nil
        }
    }
}

/// A stored CustomResourceDefinition, read once for each of its versions.
struct CustomDefinition: Sendable {
    static let cleanup = "customresourcecleanup.apiextensions.k8s.io"
    static let resource = GroupResource(group: "apiextensions.k8s.io", resource: "customresourcedefinitions")

    let name: String
    let uid: String
    let created: String
    let revision: String
    /// The whole `spec`, to tell whether anything about it changed.
    let spec: JSONValue
    let group: String
    let names: CustomNames
    let isNamespaced: Bool
    let versions: [CustomVersion]
    let usesWebhook: Bool
    let isBeingDeleted: Bool
    let hasCleanup: Bool
    let approval: String?
    /// `status.acceptedNames`.
    let accepted: CustomNames
    /// `status.conditions`.
    let conditions: [JSONValue]

    init(_ object: KubeObject) {
        name = object.name
        uid = object.uid
        created = object.string("metadata", "creationTimestamp") ?? ""
        revision = object.resourceVersion
        spec = object.value["spec"] ?? .null
        let group = object.string("spec", "group") ?? ""
        let names = CustomNames(object["spec", "names"])
        self.group = group
        self.names = names
        isNamespaced = object.string("spec", "scope") == "Namespaced"
        versions = object.array("spec", "versions").map { CustomVersion($0, group: group, kind: names.kind) }
        usesWebhook = object.string("spec", "conversion", "strategy") == "Webhook"
        isBeingDeleted = object.isBeingDeleted
        hasCleanup = object.finalizers.contains(Self.cleanup)
        approval = object.annotations[DefinitionApproval.annotation]
        accepted = CustomNames(object["status", "acceptedNames"])
        conditions = object.array("status", "conditions")
    }

    /// Whether both define the same, whatever their status is.
    func definesSame(as other: CustomDefinition) -> Bool {
        uid == other.uid && (revision == other.revision || spec == other.spec)
    }

    /// The version objects are stored in.
    var storage: CustomVersion? { versions.first(where: \.isStorage) }

    /// The status of a condition: True, False, Unknown; nil when it was never set.
    func status(_ condition: String) -> String? {
        conditions.first { $0["type"]?.stringValue == condition }?["status"]?.stringValue
    }
}

/// Groups of the Kubernetes project carry a proof that their kinds were reviewed.
/// Source: apiextensions-apiserver `pkg/apihelpers/helpers.go`.
enum DefinitionApproval {
    static let annotation = "api-approved.kubernetes.io"
    static let page = "https://github.com/kubernetes/enhancements/pull/1111"

    /// Whether a group needs it.
    static func isProtected(_ group: String) -> Bool {
        group == "k8s.io" || group.hasSuffix(".k8s.io") || group == "kubernetes.io" || group.hasSuffix(".kubernetes.io")
    }

    /// Whether an annotation says that the kind is deliberately unapproved.
    static func isBypass(_ text: String) -> Bool { text.hasPrefix("unapproved") }

    /// Whether an annotation names the place of the review.
    static func isApproval(_ text: String) -> Bool { text.hasPrefix("https://") && text.utf8.count > "https://".utf8.count }
}

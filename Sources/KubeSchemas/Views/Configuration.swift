package import APIMachinery
import JSONCore

/// core/v1 ConfigMap.
package struct ConfigMap: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("ConfigMap")
    package static let resource = GroupVersionResource.core("configmaps")

    /// Texts by key.
    package var data: [String: String] { ObjectPart(object.value).textMap("data") }
    /// Base64 texts by key.
    package var binaryData: [String: String] { ObjectPart(object.value).textMap("binaryData") }
}

/// core/v1 Secret.
package struct Secret: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("Secret")
    package static let resource = GroupVersionResource.core("secrets")

    /// Base64 texts by key.
    package var data: [String: String] { ObjectPart(object.value).textMap("data") }
    /// For example `Opaque`.
    package var type: String { object.string("type") ?? "" }
}

/// core/v1 ServiceAccount.
package struct ServiceAccount: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("ServiceAccount")
    package static let resource = GroupVersionResource.core("serviceaccounts")

    /// Whether its pods get a token; nil means yes.
    package var automountServiceAccountToken: Bool? { object.bool("automountServiceAccountToken") }
}

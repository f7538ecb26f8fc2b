import APIMachinery
import JSONCore

/// The objects of a release, as its manifest has them.
enum HelmManifest {
    /// The documents that name an object, and what is in those that are lists.
    static func objects(_ manifest: String, _ header: HelmRelease.Header) throws(APIStatus) -> [KubeObject] {
        do throws(YAMLError) {
            return try YAML.parse(manifest).map(\.value).filter { $0.objectValue?.isEmpty == false }.flatMap(members)
        } catch {
            throw .badRequest("the manifest of revision \(header.version) of release \(header.name) cannot be read: \(error)")
        }
    }

    /// Lists may be in lists: as deep as YAML goes.
    private static func members(_ value: JSONValue) -> [KubeObject] {
        guard value["kind"]?.stringValue?.hasSuffix("List") == true, let items = value["items"]?.arrayValue else { return [KubeObject(value)] }
        return items.flatMap(members)
    }

    /// Whether a chart, or somebody on the object itself, asks for it to stay. Source: helm `pkg/action/resource_policy.go`.
    static func isKept(_ object: KubeObject) -> Bool {
        let policy = object.annotations["helm.sh/resource-policy"] ?? ""
        return policy.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased() == "keep"
    }

    /// An object that the server cannot show: nothing can be said of it, or done to it.
    static func unknown(_ object: KubeObject, _ header: HelmRelease.Header) -> APIStatus {
        .badRequest("revision \(header.version) has a \(object.kind) of \(object.apiVersion), which the server does not know")
    }
}

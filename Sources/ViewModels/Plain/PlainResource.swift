import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// A kind that can be named on a line.
struct PlainResource: Sendable, Hashable {
    var resource: GroupVersionResource
    var kind: String
    var isNamespaced: Bool

    init(_ descriptor: ResourceDescriptor) {
        resource = descriptor.gvr
        kind = descriptor.kind
        isNamespaced = descriptor.isNamespaced
    }

    private init(resource: GroupVersionResource, kind: String, isNamespaced: Bool) {
        self.resource = resource
        self.kind = kind
        self.isNamespaced = isNamespaced
    }

    /// Finds a kind by plural, singular, short name or kind: the built-in ones, then what the server has besides. Throws which there is none of.
    static func find(_ word: String, _ client: KubeClient) async throws(APIStatus) -> PlainResource {
        if let known = builtinSchemas.resources(named: word).first { return PlainResource(known) }
        let wanted = word.lowercased()
        var names = builtinSchemas.resources.map(\.plural)
        let answer = try await client.raw(
            APIRequest(path: "/apis", accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"))
        guard case .bytes(let bytes) = answer.body, let list = try? JSON.parse(bytes) else { throw unknown(word, names) }
        for group in list["items"]?.arrayValue ?? [] {
            let name = group["metadata", "name"]?.stringValue ?? ""
            guard let version = group["versions"]?.arrayValue?.first, let number = version["version"]?.stringValue else { continue }
            for entry in version["resources"]?.arrayValue ?? [] {
                guard let plural = entry["resource"]?.stringValue, let kind = entry["responseKind", "kind"]?.stringValue else { continue }
                let short = entry["shortNames"]?.arrayValue?.compactMap(\.stringValue) ?? []
                let all = [plural, "\(plural).\(name)", entry["singularResource"]?.stringValue ?? "", kind.lowercased()] + short
                if all.contains(wanted) {
                    return PlainResource(
                        resource: GroupVersionResource(group: name, version: number, resource: plural), kind: kind,
                        isNamespaced: entry["scope"]?.stringValue == "Namespaced")
                }
                names.append(plural)
            }
        }
        throw unknown(word, names)
    }

    private static func unknown(_ word: String, _ names: [String]) -> APIStatus {
        APIStatus.badRequest("the server has no kind \(word.prefix(60))\(NearestName.question(word, in: names))")
    }
}

package import APIMachinery
import JSONCore

extension KubeClient {
    private static let aggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

    /// The kinds that the server has, each in the version it prefers, core first, then by group as the server orders them. Groups whose server
    /// does not answer are left out. Throws why nothing could be asked.
    package func servedKinds() async throws(APIStatus) -> [ServedKind] {
        var kinds: [ServedKind] = []
        for root in ["/api", "/apis"] {
            var request = APIRequest(.get, path: root)
            request.accept = Self.aggregated
            let answer = try await call(request)
            kinds +=
                answer["kind"] == "APIGroupDiscoveryList" ? Self.kinds(aggregated: answer) : await legacyKinds(answer, root: root)
        }
        return kinds
    }

    private static func kinds(aggregated list: JSONValue) -> [ServedKind] {
        var kinds: [ServedKind] = []
        for group in list["items"]?.arrayValue ?? [] {
            let name = group["metadata", "name"]?.stringValue ?? ""
            // Versions come in the server's order; a resource that the first one lacks may be in a later one.
            var seen: Set<String> = []
            for version in group["versions"]?.arrayValue ?? [] where version["freshness"] != "Stale" {
                for resource in version["resources"]?.arrayValue ?? [] {
                    let plural = resource["resource"]?.stringValue ?? ""
                    guard !plural.isEmpty, seen.insert(plural).inserted else { continue }
                    kinds.append(
                        ServedKind(
                            resource: GroupVersionResource(group: name, version: version["version"]?.stringValue ?? "", resource: plural),
                            kind: resource["responseKind", "kind"]?.stringValue ?? "", singular: resource["singularResource"]?.stringValue ?? "",
                            shortNames: texts(resource["shortNames"]), categories: texts(resource["categories"]),
                            isNamespaced: resource["scope"] == "Namespaced", verbs: Set(texts(resource["verbs"])),
                            subresources: Set((resource["subresources"]?.arrayValue ?? []).compactMap { $0["subresource"]?.stringValue })))
                }
            }
        }
        return kinds
    }

    /// Servers before 1.27: the list of groups, then each version's resources.
    private func legacyKinds(_ answer: JSONValue, root: String) async -> [ServedKind] {
        let versions: [String] =
            root == "/api"
            ? Self.texts(answer["versions"])
            : (answer["groups"]?.arrayValue ?? []).flatMap { group -> [String] in
                let preferred = group["preferredVersion", "groupVersion"]?.stringValue
                let all = (group["versions"]?.arrayValue ?? []).compactMap { $0["groupVersion"]?.stringValue }
                return (preferred.map { [$0] } ?? []) + all.filter { $0 != preferred }
            }
        var kinds: [ServedKind] = []
        var seen: Set<String> = []
        for version in versions {
            // best effort: a group whose server does not answer hides its own kinds only.
            guard let list = try? await call(APIRequest(.get, path: "\(root)/\(version)")) else { continue }
            guard let groupVersion = GroupVersion(apiVersion: version) else { continue }
            let resources = list["resources"]?.arrayValue ?? []
            for resource in resources {
                let plural = resource["name"]?.stringValue ?? ""
                guard !plural.isEmpty, !plural.contains("/"), seen.insert("\(groupVersion.group)/\(plural)").inserted else { continue }
                let subresources = resources.compactMap { $0["name"]?.stringValue }.filter { $0.hasPrefix("\(plural)/") }
                kinds.append(
                    ServedKind(
                        resource: GroupVersionResource(group: groupVersion.group, version: groupVersion.version, resource: plural),
                        kind: resource["kind"]?.stringValue ?? "", singular: resource["singularName"]?.stringValue ?? "",
                        shortNames: Self.texts(resource["shortNames"]), categories: Self.texts(resource["categories"]),
                        isNamespaced: resource["namespaced"]?.boolValue ?? false, verbs: Set(Self.texts(resource["verbs"])),
                        subresources: Set(subresources.map { String($0.dropFirst(plural.utf8.count + 1)) })))
            }
        }
        return kinds
    }

    private static func texts(_ value: JSONValue?) -> [String] { (value?.arrayValue ?? []).compactMap(\.stringValue) }
}

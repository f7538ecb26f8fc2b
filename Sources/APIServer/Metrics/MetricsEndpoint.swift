internal import APIMachinery
internal import KubeClient
internal import KubeSchemas
internal import ObjectStore

/// GET of `/metrics`.
enum MetricsEndpoint {
    static func answer(_ core: ServerCore) throws(APIStatus) -> APIResponse {
        var text = MetricsText()
        let configuration = core.configuration
        text.begin("kubernetes_build_info", .gauge, "The version served.")
        text.sample(
            "kubernetes_build_info",
            [
                ("major", KubernetesVersion.major), ("minor", KubernetesVersion.minor),
                ("git_version", VersionDocument.gitVersion(configuration.programVersion)),
                ("git_commit", configuration.gitCommit),
            ], 1)
        core.metrics.write(into: &text)
        core.traffic.write(into: &text)
        text.begin("apiserver_storage_objects", .gauge, "Stored objects, by resource.")
        var seen: Set<String> = []
        for endpoint in core.endpoints.all where endpoint.descriptor.verbs.contains("list") {
            let prefix = endpoint.prefix(namespace: nil)
            guard seen.insert(prefix).inserted else { continue }
            let page = try core.reading { () throws(StoreError) in try core.store.list(prefix: prefix, limit: 1) }
            let name = GroupResource(group: endpoint.storageGroup, resource: endpoint.descriptor.plural).description
            text.sample("apiserver_storage_objects", [("resource", name)], Double(page.items.count + page.remaining))
        }
        if let audit = core.audit { audit.write(into: &text) }
        ProcessMetrics.write(into: &text)
        return APIResponse(contentType: MetricsText.contentType, body: .bytes(text.bytes))
    }
}

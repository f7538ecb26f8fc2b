import APIMachinery
import ClusterOperations
import KubeClient

extension ClusterSession {
    /// Lists the Helm releases of the shown namespace, or of all.
    package func showReleases() {
        let namespace = app.namespace
        let context = app.context.name
        let headers = HelmShelf()
        let model = DetailModel(title: "Helm releases", binding: nil)
        model.onOpen = { [weak self, weak model] id in
            guard let self, let key = model?.links[id]?.value, let header = headers[key] else { return }
            showRelease(header, context)
        }
        keep(model, [], namespace: namespace) { client throws(APIStatus) in
            let found = try await HelmRelease.list(in: namespace, client)
            headers.fill(found)
            return HelmText.list(found)
        }
    }

    private func showRelease(_ header: HelmRelease.Header, _ context: String) {
        let model = DetailModel(title: "Helm release", binding: ObjectBinding(header.keeper, context: context))
        let headers = HelmShelf()
        model.onOpen = { [weak self, weak model] id in
            guard let self, let key = model?.links[id]?.value, let other = headers[key], other != header else { return }
            showRelease(other, context)
        }
        keep(model, [], namespace: header.namespace) { client throws(APIStatus) in
            let release = try await HelmRelease.read(header, client)
            let all = try await HelmRelease.list(in: header.namespace, client).filter { $0.name == header.name }
            headers.fill(all)
            let before = all.first { $0.version < header.version }
            var earlier: HelmRelease?
            if let before { earlier = try await HelmRelease.read(before, client) }
            return HelmText.release(release, all, earlier)
        }
    }
}

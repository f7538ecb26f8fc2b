import APIMachinery
import KubeClient
import KubeSchemas

extension ClusterSession {
    /// Goes where the user's settings say that Enter on an object leads; false when they say nothing.
    func jump(from binding: ObjectBinding) -> Bool {
        let resource = binding.resource ?? Pod.resource
        guard let jump = app.preferences.settings.jumps.jumps.first(where: { $0.isFor(resource) }), let client = cluster?.client else { return false }
        guard let kind = app.kinds.first(where: { jump.leads(to: $0.resource) }) else {
            app.toast("jumps.yaml leads from \(jump.source) to \(jump.target), which this cluster does not have", .warning)
            return true
        }
        tasks.run(.find) { [weak self] in
            do throws(APIStatus) {
                let object = try await client.get(resource, namespace: binding.namespace, name: binding.name).value
                let labels = try ObjectTemplate.fill(jump.labels, from: object)
                let fields = try ObjectTemplate.fill(jump.fields, from: object)
                let namespace = try ObjectTemplate.fill(jump.namespace, from: object)
                guard let self, !Task.isCancelled, app.modal == nil, app.inputMode == .browse else { return }
                let filter = [("-l", labels), ("-F", fields)].filter { !$0.1.isEmpty }.map { "\($0.0) '\($0.1)'" }.joined(separator: " ")
                app.show(kind: kind, filter: filter)
                guard kind.isNamespaced else { return }
                if namespace == "all" {
                    use(scope: .all)
                } else if let name = namespace.isEmpty ? binding.namespace : namespace, app.scope != NamespaceScope(name) {
                    use(scope: NamespaceScope(name))
                }
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("\(binding.text): \(error.message)", .warning)
            }
        }
        return true
    }
}

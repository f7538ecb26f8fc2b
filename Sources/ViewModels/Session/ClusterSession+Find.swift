import APIMachinery
import KubeClient
import KubeSchemas

extension ClusterSession {
    package func openYAML(named text: String) {
        let parts = text.split(whereSeparator: { $0 == "/" || $0 == " " }).map(String.init)
        func again(_ reason: String) {
            app.toast(reason, .warning)
            // What was typed is not lost.
            app.askForObject(text)
        }
        guard parts.count == 2 || parts.count == 3 else {
            return again("write KIND/NAME or KIND/NAMESPACE/NAME, for example deploy/demo/web")
        }
        var kind = 0
        var descriptor = builtinSchemas.resources(named: parts[0].lowercased()).first
        if descriptor == nil, parts.count == 3 {
            kind = 1
            descriptor = builtinSchemas.resources(named: parts[1].lowercased()).first
        }
        guard let descriptor, let name = parts.last else { return again("no kind \(parts[0])") }
        let namespace = parts.count == 3 ? parts[1 - kind] : app.namespace
        if !descriptor.isNamespaced { return open(descriptor, namespace: nil, name) }
        if let namespace { return open(descriptor, namespace: namespace, name) }
        find(descriptor, name)
    }

    private func open(_ descriptor: ResourceDescriptor, namespace: String?, _ name: String) {
        openYAML(
            ObjectBinding(context: app.context.name, namespace: namespace, kind: descriptor.kind, name: name, uid: nil), isEditing: false)
    }

    /// Where every namespace is shown, the object may be in any; whoever has several of the name is asked.
    private func find(_ descriptor: ResourceDescriptor, _ name: String) {
        guard let client = cluster?.client else { return }
        let token = editing.token
        let fields = FieldSelector(requirements: [FieldSelector.Requirement(field: "metadata.name", value: name)])
        tasks.run(.find) { [weak self] in
            do throws(APIStatus) {
                let list = try await client.list(descriptor.gvr, namespace: nil, ListOptions(fields: fields))
                // Something else may have been begun meanwhile, and nothing takes the editor from who types.
                guard let self, !Task.isCancelled, editing.token === token, app.modal == nil, app.inputMode == .browse else { return }
                let namespaces = list.items.filter { $0.name == name }.compactMap(\.namespace).sorted()
                guard let first = namespaces.first else {
                    return app.toast("no \(descriptor.kind.lowercased()) \(name) in any namespace", .warning)
                }
                guard namespaces.count > 1 else { return open(descriptor, namespace: first, name) }
                app.pick("\(descriptor.kind) \(name) of which namespace?", namespaces) { [weak self] in
                    self?.open(descriptor, namespace: $0, name)
                }
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("\(descriptor.kind.lowercased()) \(name): \(error.message)", .error)
            }
        }
    }
}

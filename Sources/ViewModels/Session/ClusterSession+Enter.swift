import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

extension ClusterSession {
    package func enter(_ binding: ObjectBinding) {
        if jump(from: binding) { return }
        let resource = binding.resource ?? Pod.resource
        switch (resource.group, resource.resource) {
        case ("", "pods"):
            showLogs(binding, container: nil, isPrevious: false)
            app.focus = .logs
        case ("", "namespaces"):
            app.show(kind: .pods)
            use(scope: NamespaceScope(binding.name))
        case ("", "nodes"):
            app.show(kind: .pods, filter: "-F spec.nodeName=\(binding.name)")
            // A node has pods of every namespace.
            if app.scope != .all { use(scope: .all) }
        case ("apiextensions.k8s.io", "customresourcedefinitions"): enterDefinition(binding)
        case ("", "services"), ("", "replicationcontrollers"): enterPods(of: binding, resource, selector: ["spec", "selector"], isPlain: true)
        case ("apps", "deployments"), ("apps", "replicasets"), ("apps", "statefulsets"), ("apps", "daemonsets"), ("batch", "jobs"):
            enterPods(of: binding, resource, selector: ["spec", "selector"], isPlain: false)
        case ("batch", "cronjobs"):
            guard let jobs = app.kinds.first(where: { $0.id == "jobs.batch" }) else { return }
            // Its own runs, and those that were triggered by hand.
            let name = binding.name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "\\.")
            let place = app.scope.single == nil ? binding.namespace.map { "namespace:\($0) " } ?? "" : ""
            app.show(kind: jobs, filter: "\(place)^\(name)-(\\d+|manual-[0-9a-f]+)$")
        default: openYAML(binding, isEditing: false)
        }
    }

    /// The objects of a custom resource are a table of their own, once the server has it.
    private func enterDefinition(_ binding: ObjectBinding) {
        guard let kind = app.kinds.first(where: { $0.id == binding.name }) else {
            refreshKinds()
            return app.toast("\(binding.name) is not served yet, or cannot be listed", .warning)
        }
        app.show(kind: kind)
    }

    /// The pods that a workload or service selects.
    private func enterPods(of binding: ObjectBinding, _ resource: GroupVersionResource, selector path: [String], isPlain: Bool) {
        guard let client = cluster?.client else { return }
        tasks.run(.find) { [weak self] in
            do throws(APIStatus) {
                let object = try await client.get(resource, namespace: binding.namespace, name: binding.name)
                guard let self, !Task.isCancelled, app.modal == nil, app.inputMode == .browse else { return }
                var value: JSONValue? = object.value
                for step in path { value = value?[step] }
                let selector = isPlain ? Self.plainSelector(value) : try LabelSelector(value: value ?? .null).description
                guard !selector.isEmpty else { return app.toast("\(binding.text) selects no pods", .dim) }
                app.show(kind: .pods)
                if let namespace = binding.namespace, !app.scope.contains(namespace) || app.scope == .all { use(scope: NamespaceScope(namespace)) }
                app.pods.filter = "-l '\(selector)'"
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("\(binding.text): \(error.message)", .error)
            }
        }
    }

    private static func plainSelector(_ value: JSONValue?) -> String {
        (value?.objectValue ?? JSONObject()).compactMap { member in member.value.stringValue.map { "\(member.key)=\($0)" } }.joined(separator: ",")
    }
}

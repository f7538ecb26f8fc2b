import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    package func showLogs(of bindings: [ObjectBinding]) {
        guard let client = cluster?.client, !bindings.isEmpty else { return }
        app.focus = .logs
        tasks.cancel(.follow)
        tasks.run(.findLogs) { [weak self] in
            var scopes: [LogScope] = []
            for binding in bindings {
                do throws(APIStatus) {
                    scopes.append(try await LogScope.find(binding, client))
                } catch {
                    guard !Task.isCancelled else { return }
                    self?.app.toast("\(binding.text): \(error.message)", .warning)
                }
            }
            guard let self, !Task.isCancelled, !scopes.isEmpty else { return }
            let gone = await gonePods(scopes, client)
            guard !Task.isCancelled else { return }
            show(LogMerge(title: Self.title(bindings), scopes: scopes, gone: gone), client)
        }
    }

    package func showOwnerLogs(_ binding: ObjectBinding) {
        withPod(binding, .pod) { session, pod in
            guard let pod else { return session.app.toast("\(binding.text) is gone", .warning) }
            session.showOwnerLogs(binding, pod)
        }
    }

    private func showOwnerLogs(_ binding: ObjectBinding, _ pod: KubeObject) {
        guard let client = cluster?.client else { return }
        guard pod.controllerRef != nil else { return app.toast("nothing controls \(binding.text): its own log is all there is", .dim) }
        app.focus = .logs
        tasks.run(.findLogs) { [weak self] in
            let owner = await Self.topOwner(pod, client)
            guard let self, !Task.isCancelled else { return }
            showLogs(of: [
                ObjectBinding(context: binding.context, namespace: binding.namespace, kind: owner.kind, name: owner.name, uid: owner.uid)
            ])
        }
    }

    /// What people mean by a pod's owner: a Deployment stands behind its ReplicaSet, a CronJob behind its Job.
    private static func topOwner(_ pod: KubeObject, _ client: KubeClient) async -> (kind: String, name: String, uid: String) {
        guard let owner = pod.controllerRef else { return (pod.kind, pod.name, pod.uid) }
        let resource: GroupVersionResource? = owner.kind == "ReplicaSet" ? ReplicaSet.resource : owner.kind == "Job" ? Job.resource : nil
        // best effort: without the object in between its own pods are shown.
        guard let resource, let between = try? await client.get(resource, namespace: pod.namespace, name: owner.name),
            let above = between.controllerRef
        else { return (owner.kind, owner.name, owner.uid) }
        return (above.kind, above.name, above.uid)
    }

    package func showLogs(selecting text: String) {
        guard let client = cluster?.client else { return }
        do throws(APIStatus) {
            let labels = try LabelSelector(parsing: text)
            guard !labels.isEmpty else { return app.toast("write a label selector, for example app=web", .warning) }
            app.focus = .logs
            let scopes = [LogScope(namespace: app.namespace, labels: labels)]
            tasks.run(.findLogs) { [weak self] in
                guard let gone = await self?.gonePods(scopes, client), let self, !Task.isCancelled else { return }
                show(LogMerge(title: "pods \(text)", scopes: scopes, gone: gone), client)
            }
        } catch {
            app.toast(error.message, .warning)
            app.askForLogSelector(text)
        }
    }

    /// The logs of deleted pods that belong to a merge.
    private func gonePods(_ scopes: [LogScope], _ client: KubeClient) async -> [LogTarget] {
        // best effort: without the list of kept logs a merge has the pods that are there.
        guard let keptLogs = cluster?.keptLogs, let kept = try? await keptLogs() else { return [] }
        return await GonePods(client: client, kept: kept).targets(scopes)
    }

    package func closeMerge() {
        guard app.logs.merge != nil else { return }
        tasks.cancel(.logs)
        app.logs.clear()
        app.logs.target = nil
        app.logs.state = .idle(app.logHint)
        if app.kind.isPods { followSelected() }
    }

    private func show(_ merge: LogMerge, _ client: KubeClient) {
        app.logs.containers = []
        logs.reset(.merge(merge))
        follow(merge, client)
    }

    func follow(_ merge: LogMerge, _ client: KubeClient) {
        let pods = LogPods(merge, client: client, time: time)
        let window = cluster?.isEmbedded == true ? Self.localWindow : Self.remoteWindow
        tasks.run(.logs) { [logs] in
            await withDiscardingTaskGroup { group in
                group.addTask { await pods.run() }
                await logs.follow(pods.updates, client: client, window: window) { pods.status($0) }
                group.cancelAll()
            }
        }
    }

    /// How long a line waits for earlier ones of other containers, on this machine and over a network.
    private static let localWindow = Duration.milliseconds(25)
    private static let remoteWindow = Duration.milliseconds(250)

    private static func title(_ bindings: [ObjectBinding]) -> String {
        guard bindings.count > 1 || bindings[0].kind == "Pod" else { return "\(bindings[0].kind.lowercased()) \(bindings[0].name)" }
        if bindings.count == 1 { return bindings[0].name }
        let kinds = Set(bindings.map { $0.kind.lowercased() })
        return "\(bindings.count) \(kinds.count == 1 ? "\(kinds.first ?? "object")s" : "objects")"
    }
}

extension LogScope {
    /// Where the pods of an object are found. Throws why it has none.
    static func find(_ binding: ObjectBinding, _ client: KubeClient) async throws(APIStatus) -> LogScope {
        let name = FieldSelector.Requirement(field: "metadata.name", value: binding.name)
        switch binding.kind {
        case "Pod": return LogScope(namespace: binding.namespace, fields: FieldSelector(requirements: [name]), podUID: binding.uid)
        case "Namespace": return LogScope(namespace: binding.name)
        case "Node":
            let node = FieldSelector.Requirement(field: "spec.nodeName", value: binding.name)
            return LogScope(namespace: nil, fields: FieldSelector(requirements: [node]))
        default: break
        }
        let builtin = builtinSchemas.resources.first { $0.kind == binding.kind }?.gvr
        guard let resource = binding.resource ?? builtin else { throw .badRequest("its kind is unknown, so its pods cannot be found") }
        let object = try await client.get(resource, namespace: binding.namespace, name: binding.name)
        if binding.kind == "CronJob" { return LogScope(namespace: object.namespace, cronJobUID: object.uid) }
        guard let selector = object["spec", "selector"], case .object(let members) = selector, !members.isEmpty else {
            throw .badRequest("it has no selector, so no pods and no logs of its own")
        }
        // A Service's selector and a ReplicationController's are plain labels.
        let isPlain = members.allSatisfy { $0.value.stringValue != nil }
        let labels = try LabelSelector(value: isPlain ? ["matchLabels": selector] : selector)
        return LogScope(namespace: object.namespace, labels: labels)
    }
}

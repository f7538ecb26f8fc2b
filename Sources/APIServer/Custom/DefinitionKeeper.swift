internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import ObjectStore

/// Writes down what was decided about CustomResourceDefinitions, and empties those that are being deleted. Wakes only when a definition
/// changes, or an object of one that is going. Source: apiextensions-apiserver `pkg/controller`.
final class DefinitionKeeper: Sendable {
    private let core: ServerCore

    /// Deletions under way at a time.
    private static let width = 128
    private static let user = UserInfo(name: "system:apiserver", groups: ["system:masters"])

    init(_ core: ServerCore) { self.core = core }

    /// Works until the task is cancelled.
    func run() async {
        await StoreBell.answer(core, "keeping custom resource definitions") { () throws(APIStatus) in
            try await self.round().union([CustomKinds.prefix])
        }
    }

    /// Brings every definition one step on. Returns where objects are that still have to go.
    private func round() async throws(APIStatus) -> Set<String> {
        let kinds = try core.customs.current()
        var going: Set<String> = []
        for definition in kinds.definitions.values.sorted(by: { $0.name < $1.name }) {
            guard !Task.isCancelled else { return going }
            if definition.isBeingDeleted, definition.hasCleanup {
                // The names that were decided, not those in the status, which may not have been written yet.
                guard kinds.verdicts[definition.name]?.isEstablished == true, let endpoint = kinds.storageEndpoint(definition) else {
                    try await release(definition)
                    continue
                }
                await endpoint.custom?.creations.drain()
                if try await empty(definition, endpoint) {
                    try await release(definition)
                } else {
                    going.insert(endpoint.prefix(namespace: nil))
                }
            } else if let verdict = kinds.verdicts[definition.name],
                verdict.accepted != definition.accepted || verdict.conditions != definition.conditions
            {
                try await write(definition, verdict)
            }
        }
        return going
    }

    // MARK: - Status

    private func write(_ definition: CustomDefinition, _ verdict: DefinitionNaming.Verdict) async throws(APIStatus) {
        try await change(definition) { object in
            object["status", "acceptedNames"] = verdict.accepted.value
            var conditions = object.array("status", "conditions")
            for condition in verdict.conditions {
                let type = condition["type"]
                if let place = conditions.firstIndex(where: { $0["type"] == type }) {
                    conditions[place] = condition
                } else {
                    conditions.append(condition)
                }
            }
            object["status", "conditions"] = .array(conditions)
        }
    }

    /// Changes a definition as long as it is the one that was looked at.
    private func change(_ definition: CustomDefinition, _ edit: @escaping @Sendable (inout KubeObject) -> Void) async throws(APIStatus) {
        guard let context = context(core.endpoints["apiextensions.k8s.io", "v1", "customresourcedefinitions"], nil, definition.name) else { return }
        let mutation = Mutation(context, isDryRun: false, subresource: "status") { (current) throws(APIStatus) in
            guard let current, current.uid == definition.uid else { throw .notFound(CustomDefinition.resource, definition.name) }
            var object = current
            edit(&object)
            return object.isBeingDeleted && object.finalizers.isEmpty ? .remove(object) : .put(object)
        }
        do throws(APIStatus) {
            try await run(mutation)
        } catch  where error.reason == .notFound {
            // Gone, or another of the same name: nothing to say about it.
        }
    }

    private func run(_ mutation: Mutation) async throws(APIStatus) {
        let result = await withCheckedContinuation { continuation in
            mutation.run { continuation.resume(returning: $0) }
        }
        _ = try result.get()
    }

    private func context(_ endpoint: ResourceEndpoint?, _ namespace: String?, _ name: String) -> RequestContext? {
        guard let endpoint else { return nil }
        var path = ResourcePath(group: endpoint.descriptor.group, version: endpoint.descriptor.version, resource: endpoint.descriptor.plural)
        path.namespace = namespace
        path.name = name
        return RequestContext(
            core: core, request: APIRequest(.delete, path: ""), path: path, user: Self.user, endpoint: endpoint, now: core.time.now(),
            reply: { _ in })
    }

    // MARK: - Deletion

    /// Deletes the objects of a definition; true when none is left.
    private func empty(_ definition: CustomDefinition, _ endpoint: ResourceEndpoint) async throws(APIStatus) -> Bool {
        var after: String?
        var isEmpty = true
        while true {
            let prefix = endpoint.prefix(namespace: nil)
            let listing = try core.reading { () throws(StoreError) in try core.store.list(prefix: prefix, after: after, limit: Self.width, at: nil) }
            isEmpty = isEmpty && listing.items.isEmpty
            if !listing.items.isEmpty, definition.status("Terminating") == "True" {
                try await change(definition) { object in
                    var conditions = object.array("status", "conditions")
                    DefinitionNaming.set(
                        "Terminating", "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress", in: &conditions,
                        self.core.time.now())
                    object["status", "conditions"] = .array(conditions)
                }
            }
            try await delete(listing.items, endpoint)
            guard let next = listing.next else { break }
            after = next
        }
        if isEmpty { return true }
        let rest = try core.reading { () throws(StoreError) in
            try core.store.list(prefix: endpoint.prefix(namespace: nil), after: nil, limit: 1, at: nil)
        }
        return rest.items.isEmpty
    }

    private func delete(_ items: [StoredObject], _ endpoint: ResourceEndpoint) async throws(APIStatus) {
        let failure = await withTaskGroup(of: APIStatus?.self) { group in
            for item in items {
                group.addTask {
                    guard let context = self.context(endpoint, item.key.namespace, item.key.name) else { return nil }
                    do throws(APIStatus) {
                        try await self.run(DeleteVerb.mutation(context, key: item.key, DeleteOptions()))
                        return nil
                    } catch {
                        return error.reason == .notFound ? nil : error
                    }
                }
            }
            var first: APIStatus?
            for await failure in group { first = first ?? failure }
            return first
        }
        if let failure { throw failure }
    }

    /// Lets a definition without objects go.
    private func release(_ definition: CustomDefinition) async throws(APIStatus) {
        try await change(definition) { object in
            var conditions = object.array("status", "conditions")
            DefinitionNaming.set(
                "Terminating", "False", "InstanceDeletionCompleted", "removed all instances", in: &conditions, self.core.time.now())
            object["status", "conditions"] = .array(conditions)
            object.finalizers.removeAll { $0 == CustomDefinition.cleanup }
        }
    }
}

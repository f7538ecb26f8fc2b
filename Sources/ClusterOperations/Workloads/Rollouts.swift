package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// What is done to a workload's pods by changing what they are made from.
package enum Rollouts {
    /// Whether pods can be replaced by a restart: the kinds that roll their pods themselves.
    package static func canRestart(_ kind: GroupKind) -> Bool { RolloutHistory.isKept(by: kind) }

    /// Replaces all pods, as `kubectl rollout restart` does. Throws BadRequest for a paused Deployment.
    package static func restart(_ target: ObjectTarget, at now: Timestamp, _ client: KubeClient) async throws(APIStatus) -> String {
        let object = try await target.read(client)
        if object.bool("spec", "paused") == true { throw .badRequest("\(target.text) is paused: resume it, then restart it") }
        let annotations: JSONValue = ["kubectl.kubernetes.io/restartedAt": .string(now.rfc3339)]
        try await patch(target, ["spec": ["template": ["metadata": ["annotations": annotations]]]], client)
        return "\(target.text): its pods are being replaced"
    }

    /// Stops or continues the replacing of a Deployment's pods. Throws BadRequest when nothing would change.
    package static func setPaused(_ target: ObjectTarget, _ isPaused: Bool, _ client: KubeClient) async throws(APIStatus) -> String {
        let object = try await target.read(client)
        guard (object.bool("spec", "paused") ?? false) != isPaused else {
            throw .badRequest("\(target.text) is \(isPaused ? "paused already" : "not paused")")
        }
        try await patch(target, ["spec": ["paused": .bool(isPaused)]], client)
        return "\(target.text) is \(isPaused ? "paused: changes of its template wait" : "no longer paused")"
    }

    /// Gives one container another image. Throws BadRequest for an unknown container or an empty image.
    package static func setImage(
        _ target: ObjectTarget, container: String, to image: String, _ client: KubeClient
    ) async throws(APIStatus) -> String {
        guard !image.isEmpty, !image.contains(where: \.isWhitespace) else { throw .badRequest("\"\(image)\" is not the name of an image") }
        let object = try await target.read(client)
        guard let path = PodTemplate.specPath(target.groupKind) else { throw .badRequest("\(target.text) has no containers") }
        let images = PodTemplate.images(object, target.groupKind)
        guard let old = images.first(where: { $0.name == container }) else {
            throw .badRequest("\(target.text) has no container \(container): it has \(images.map(\.name).joined(separator: ", "))")
        }
        guard old.image != image else { throw .badRequest("container \(container) of \(target.text) has the image \(image) already") }
        let containers: JSONValue = [["name": .string(container), "image": .string(image)]]
        var change = JSONValue.object(JSONObject())
        change.setValue(containers, at: (path + [old.isInit ? "initContainers" : "containers"])[...])
        try await patch(target, change, client)
        return "\(target.text): container \(container) from \(old.image) to \(image)"
    }

    /// The templates a workload had. Throws BadRequest for a kind that keeps none.
    package static func history(_ target: ObjectTarget, _ client: KubeClient) async throws(APIStatus) -> (object: KubeObject, history: RolloutHistory) {
        guard RolloutHistory.isKept(by: target.groupKind) else { throw .badRequest("a \(target.kind) keeps no history of its pods") }
        let object = try await target.read(client)
        let selector = try LabelSelector(value: object["spec", "selector"] ?? .null)
        let resource =
            target.kind == "Deployment" ? ReplicaSet.resource : GroupVersionResource(group: "apps", version: "v1", resource: "controllerrevisions")
        let keepers = try await client.list(resource, namespace: target.namespace, ListOptions(labels: selector))
        return (object, RolloutHistory(of: object, keepers: keepers.items))
    }

    /// Gives a workload the template of an earlier revision. `generation` is that of the object the choice was made on: a change made
    /// meanwhile is not overwritten but refused with Conflict. A dry run changes nothing and tells whether the server accepts it.
    package static func undo(
        _ target: ObjectTarget, to revision: RolloutRevision, ifGeneration generation: Int64, isDryRun: Bool = false, _ client: KubeClient
    ) async throws(APIStatus) -> String {
        try await Retry.onConflict { () throws(APIStatus) in
            var object = try await target.read(client)
            guard object.generation == generation else {
                throw APIStatus(
                    code: 409, reason: nil, message: "\(target.text) was changed meanwhile: look at the difference again")
            }
            if object.bool("spec", "paused") == true { throw .badRequest("\(target.text) is paused: resume it, then undo") }
            object["spec", "template"] = revision.template
            if let cause = revision.cause { object["metadata", "annotations", "kubernetes.io/change-cause"] = .string(cause) }
            _ = try await client.update(target.resource, object, options: WriteOptions(isDryRun: isDryRun))
        }
        return "\(target.text) goes back to revision \(revision.number)"
    }

    /// A strategic merge patch that only the meant object takes.
    static func patch(_ target: ObjectTarget, _ change: JSONValue, _ client: KubeClient) async throws(APIStatus) {
        var change = change
        if let uid = target.uid { change["metadata", "uid"] = .string(uid) }
        _ = try await client.patch(target.resource, namespace: target.namespace, name: target.name, type: .strategicMerge, change)
    }
}

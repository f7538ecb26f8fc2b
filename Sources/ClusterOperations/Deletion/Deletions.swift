package import APIMachinery
import JSONCore
package import KubeClient

/// Taking objects away.
package enum Deletions {
    /// Deletes an object, whichever kind it is, and only the one that was meant. Returns what happens now.
    package static func delete(
        _ target: ObjectTarget, propagation: DeleteOptions.Propagation? = nil, isForced: Bool = false, _ client: KubeClient
    ) async throws(APIStatus) -> String {
        let options = DeleteOptions(gracePeriodSeconds: isForced ? 0 : nil, uid: target.uid, propagation: propagation)
        do throws(APIStatus) {
            try await client.delete(target.resource, namespace: target.namespace, name: target.name, options)
        } catch {
            guard error.code == 404 || error.code == 409 else { throw error }
            throw APIStatus(code: error.code, reason: error.reason, message: "\(target.text) is gone: nothing was deleted")
        }
        return propagation == .orphan ? "deleting \(target.text); what it owns stays" : "deleting \(target.text)"
    }

    /// Asks for a pod to be evicted: a disruption budget may refuse, and then nothing happens.
    package static func evict(_ target: ObjectTarget, _ client: KubeClient) async throws(APIStatus) -> String {
        var body: JSONValue = [
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": .string(target.name), "namespace": .string(target.namespace ?? "")],
        ]
        if let uid = target.uid { body["deleteOptions"] = ["preconditions": ["uid": .string(uid)]] }
        _ = try await client.createSubresource(target.resource, namespace: target.namespace, name: target.name, subresource: "eviction", body)
        return "evicting \(target.text)"
    }

    /// Removes an object's finalizers: whoever was to clean up after it never does. Only those are removed that were shown.
    package static func removeFinalizers(_ target: ObjectTarget, _ shown: [String], _ client: KubeClient) async throws(APIStatus) -> String {
        try await Retry.onConflict { () throws(APIStatus) in
            var object = try await target.read(client)
            guard object.finalizers.contains(where: shown.contains) else { throw .badRequest("\(target.text) has none of these finalizers any more") }
            object.finalizers.removeAll(where: shown.contains)
            _ = try await client.update(target.resource, object)
        }
        return "\(target.text): removed \(shown.joined(separator: ", "))"
    }
}

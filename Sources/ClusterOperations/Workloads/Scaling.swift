package import APIMachinery
import JSONCore
package import KubeClient

/// How many pods an object wants, through its `scale` subresource: any kind that has one.
package enum Scaling {
    /// The most replicas that may be asked for, the greatest value the field takes.
    package static let maximum: Int64 = 2_147_483_647

    /// Whether a change is more than a slip of a finger should do: nothing is left, or ten times as much. Of what a server says nothing is trusted.
    package static func isGreat(from wanted: Int64, to replicas: Int64) -> Bool {
        replicas == 0 || replicas > max(20, min(max(wanted, 0), maximum) * 10)
    }

    /// How many are wanted. Throws BadRequest for an object without a `scale` subresource.
    package static func wanted(_ target: ObjectTarget, _ client: KubeClient) async throws(APIStatus) -> Int64 {
        try await scale(target, client).integer("spec", "replicas") ?? 0
    }

    /// Wants another number of pods. Returns what was done: `deployment default/web: 2 to 5 replicas`.
    package static func scale(_ target: ObjectTarget, to replicas: Int64, _ client: KubeClient) async throws(APIStatus) -> String {
        guard (0...maximum).contains(replicas) else {
            throw .badRequest("\(replicas) replicas are not possible: write a number from 0 to \(maximum)")
        }
        var before: Int64 = 0
        try await Retry.onConflict { () throws(APIStatus) in
            var scale = try await Self.scale(target, client)
            before = scale.integer("spec", "replicas") ?? 0
            scale["spec", "replicas"] = .integer(replicas)
            _ = try await client.update(target.resource, scale, subresource: "scale")
        }
        return "\(target.text): \(before) to \(replicas) replicas"
    }

    private static func scale(_ target: ObjectTarget, _ client: KubeClient) async throws(APIStatus) -> KubeObject {
        let scale: KubeObject
        do {
            scale = try await client.get(target.resource, namespace: target.namespace, name: target.name, subresource: "scale")
        } catch  where error.code == 404 {
            // Either the object is gone or its kind cannot be scaled.
            _ = try await target.read(client)
            throw .badRequest("\(target.text) cannot be scaled: its kind has no scale subresource")
        }
        if let uid = target.uid, !scale.uid.isEmpty, scale.uid != uid { _ = try await target.read(client) }
        return scale
    }
}

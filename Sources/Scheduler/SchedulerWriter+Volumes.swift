import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

extension SchedulerWriter {
    /// Has the claims of a pod get their volumes on a node. Returns the revisions that the marked claims have now, by name.
    func prepare(_ steps: [VolumeDemand.Step], node: String) async throws(APIStatus) -> [String: Int64] {
        var written: [String: Int64] = [:]
        for step in steps {
            switch step {
            case .keep(var volume, let claim):
                guard volume.claim?.uid != claim.uid else { continue }
                volume.keep(for: claim)
                // With the revision that was decided on: nobody else may have got it meanwhile.
                _ = try await client.update(PersistentVolume.resource, volume.object)
            case .provision(let claim):
                let annotations: JSONValue = [PersistentVolumeClaim.Annotation.selectedNode: .string(node)]
                let marked = try await client.patch(
                    PersistentVolumeClaim.resource, namespace: claim.namespace, name: claim.name, type: .merge,
                    ["metadata": ["uid": .string(claim.uid), "annotations": annotations]])
                written[claim.name] = marked.revision ?? 0
            }
        }
        return written
    }
}

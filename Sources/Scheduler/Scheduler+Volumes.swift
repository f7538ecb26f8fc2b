import APIMachinery
import KubeClient
import KubeSchemas

extension Scheduler {
    func claimChanged(_ event: InformerEvent) {
        let claim = PersistentVolumeClaim(event.object)
        news { state in
            settle(&state) { $0.concerns(claim) }
            state.queue.retry { pod in pod.namespace == claim.namespace && pod.spec.volumes.contains { $0.claimName(of: pod) == claim.name } }
        }
    }

    /// Volumes and classes: whoever has a claim may have found what it needs.
    func storageChanged() {
        news { state in
            settle(&state) { _ in true }
            state.queue.retry { pod in pod.spec.volumes.contains { $0.claimName(of: pod) != nil } }
        }
    }

    /// Goes on with the pods whose claims have got their volumes, and decides again on those whose claims will not.
    func settle(_ state: inout State, _ isMeant: (VolumeWait) -> Bool) {
        for (uid, wait) in state.waits where isMeant(wait) {
            switch wait.outcome(storage, labels: state.cluster.nodes[wait.node]?.labels ?? [:]) {
            case .wait: continue
            case .bind: state.bindable.append(wait)
            case .giveUp:
                state.takeBack(wait.pod)
                state.queue.retry(wait.pod)
            }
            state.end(waitOf: uid)
        }
    }

    /// Writes what the claims need, then waits for them without holding anything up.
    func prepareVolumes(_ pod: Pod, _ steps: [VolumeDemand.Step], node: String) async throws(APIStatus) {
        let written = try await writer.prepare(steps, node: node)
        news { state in
            state.waits[pod.uid]?.written = written
            settle(&state) { $0.pod.uid == pod.uid }
        }
    }
}

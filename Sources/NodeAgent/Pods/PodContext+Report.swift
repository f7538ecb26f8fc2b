import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging

extension PodContext {
    /// Writes the pod's status when it differs from what was written last. False when it must be tried again.
    @discardableResult
    func report(_ state: inout PodWorker.State) async -> Bool {
        let object = state.pod.object
        let status = PodStatusBuilder(
            pod: state.pod, histories: state.histories, ending: state.settled, podIP: state.sandbox?.address ?? state.pod.status.podIP,
            hostIP: hostIP, startTime: state.startTime, now: time.now(), hasSandbox: state.sandbox != nil, resize: state.resize, isEvicted: state.isEvicted,
            allocated: state.allocated, ownResources: state.ownResources
        ).status
        guard !isSame(status, state.written ?? object.value["status"]) else { return true }
        var sent = status
        sent["conditions"] = .array((status["conditions"]?.arrayValue ?? []) + goneConditions(status, state))
        let patch: JSONValue = ["metadata": ["uid": .string(object.uid)], "status": sent]
        do throws(APIStatus) {
            // Strategic: conditions of others (readiness gates) are theirs and may change at the same time.
            _ = try await client.patch(
                Pod.resource, namespace: object.namespace, name: object.name, type: .strategicMerge, patch, subresource: "status")
            state.written = status
            return true
        } catch  where error.code == 404 || error.code == 409 {
            return true  // Deleted or replaced meanwhile: the watch says so.
        } catch {
            logger.warning("could not write a pod's status", metadata: ["pod": "\(object.name)", "error": "\(error.message)"])
            return false
        }
    }

    /// Conditions that only exist while they hold, to be removed because they do not any more.
    private func goneConditions(_ status: JSONValue, _ state: PodWorker.State) -> [JSONValue] {
        let present = Set((status["conditions"]?.arrayValue ?? []).compactMap { $0["type"]?.stringValue })
        let known = (state.written ?? .null)["conditions"]?.arrayValue ?? state.pod.object.value["status"]?["conditions"]?.arrayValue ?? []
        return known.compactMap { $0["type"]?.stringValue }
            .filter { PodStatusBuilder.passingConditions.contains($0) && !present.contains($0) }
            .map { ["$patch": "delete", "type": .string($0)] }
    }

    /// Compares without the times that change by themselves and without the conditions of others.
    private func isSame(_ a: JSONValue, _ b: JSONValue?) -> Bool {
        guard let b else { return false }
        return Self.comparable(a) == Self.comparable(b)
    }

    private static func comparable(_ status: JSONValue) -> JSONValue {
        var status = status
        let conditions = (status["conditions"]?.arrayValue ?? []).compactMap { condition -> JSONValue? in
            guard PodStatusBuilder.ownConditions.contains(condition["type"]?.stringValue ?? "") else { return nil }
            var condition = condition
            condition["lastTransitionTime"] = nil
            condition["lastProbeTime"] = nil
            condition["observedGeneration"] = nil
            return condition
        }
        status["conditions"] = .array(conditions.sorted { ($0["type"]?.stringValue ?? "") < ($1["type"]?.stringValue ?? "") })
        return status
    }

    /// Confirms a deletion: writes the last status, removes the object, then what lies on disk. Logs stay for `LogRetention`.
    /// False when the API server could not be told and it must be tried again.
    func finishDeletion(_ state: inout PodWorker.State) async -> Bool {
        await report(&state)
        objects.follow([], user: state.pod.uid) {}
        let object = state.pod.object
        // The scheduler gives its place away as soon as the object is gone.
        ledger.release(object.uid)
        do throws(APIStatus) {
            _ = try await client.delete(
                Pod.resource, namespace: object.namespace, name: object.name, DeleteOptions(gracePeriodSeconds: 0, uid: object.uid))
        } catch  where error.code == 404 || error.code == 409 {
            // Gone already.
        } catch {
            logger.warning("could not confirm a pod's deletion", metadata: ["pod": "\(object.name)", "error": "\(error.message)"])
            return false
        }
        await removeFiles(of: object.uid)
        return true
    }
}

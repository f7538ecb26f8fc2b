import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging

extension PodContext {
    /// Writes the pod's status when it differs from what was written last.
    func report(_ state: inout PodWorker.State) async {
        guard !state.isShuttingDown else { return }
        let object = state.pod.object
        let status = PodStatusBuilder(
            pod: state.pod, histories: state.histories, ending: state.settled, podIP: state.sandbox?.address ?? state.pod.status.podIP,
            hostIP: hostIP, startTime: state.startTime, now: time.now(), hasSandbox: state.sandbox != nil
        ).status
        guard !isSame(status, state.written ?? object.value["status"]) else { return }
        let patch: JSONValue = ["metadata": ["uid": .string(object.uid)], "status": status]
        do throws(APIStatus) {
            _ = try await client.patch(
                Pod.resource, namespace: object.namespace, name: object.name, type: .merge, patch, subresource: "status")
            state.written = status
        } catch  where error.code == 404 || error.code == 409 {
            // Deleted or replaced meanwhile: the watch says so.
        } catch {
            logger.warning("could not write a pod's status", metadata: ["pod": "\(object.name)", "error": "\(error.message)"])
        }
    }

    /// Compares without the times that change by themselves.
    private func isSame(_ a: JSONValue, _ b: JSONValue?) -> Bool {
        guard let b else { return false }
        return Self.comparable(a) == Self.comparable(b)
    }

    private static func comparable(_ status: JSONValue) -> JSONValue {
        var status = status
        let conditions = (status["conditions"]?.arrayValue ?? []).map { condition -> JSONValue in
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
    func finishDeletion(_ state: inout PodWorker.State) async {
        await report(&state)
        let object = state.pod.object
        do throws(APIStatus) {
            _ = try await client.delete(
                Pod.resource, namespace: object.namespace, name: object.name, DeleteOptions(gracePeriodSeconds: 0, uid: object.uid))
        } catch  where error.code == 404 || error.code == 409 {
            // Gone already.
        } catch {
            logger.warning("could not confirm a pod's deletion", metadata: ["pod": "\(object.name)", "error": "\(error.message)"])
        }
        let directory = paths.pod(object.uid)
        let logger = logger
        await KernelThread.run("kdash-remove") {
            do throws(SystemError) {
                try FileSystem.removeTree(directory)
            } catch {
                logger.warning("could not remove a pod's files", metadata: ["path": "\(directory)", "error": "\(error)"])
            }
        }
    }
}

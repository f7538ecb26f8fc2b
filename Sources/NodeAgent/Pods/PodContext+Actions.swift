import ContainerRuntime
import KubeSchemas
import LinuxKernel
import Logging

extension PodContext {
    /// Whom a probe or hook of a container is aimed at.
    func target(_ container: Container, _ state: PodWorker.State) -> ActionTarget {
        let history = state.histories[container.name]
        let id = history?.current?.id ?? ""
        return ActionTarget(
            pod: state.pod, container: container, instance: id, podIP: state.sandbox?.address ?? "", process: history?.process,
            cgroup: placement(of: id, state.pod))
    }

    /// A new instance runs: its hook first, then its probes.
    func hasStarted(_ container: Container, _ history: inout ContainerHistory, _ state: inout PodWorker.State) {
        guard let hook = container.lifecycle.postStart, let id = history.current?.id else {
            history.probes = ContainerProbes(container, startedAt: time.monotonic())
            return
        }
        history.isInPostStart = true
        let inbox = state.inbox
        state.histories[container.name] = history
        let target = target(container, state)
        state.jobs.append { [self] in
            // The kubelet gives it no limit of its own; a container that is stopped meanwhile ends it.
            let failure = await ActionRunner(context: self).hook(hook, target, timeout: .seconds(86_400))
            inbox.put { $0.hooks.append(.init(container: container.name, instance: id, isPostStart: true, failure: failure)) }
        }
    }

    /// Starts the preStop hook beside the worker.
    func runPreStop(_ name: String, timeout: Duration, _ state: inout PodWorker.State) {
        guard let container = state.pod.allContainers.first(where: { $0.name == name }), let hook = container.lifecycle.preStop else { return }
        let target = target(container, state)
        let inbox = state.inbox
        state.jobs.append { [self] in
            let failure = await ActionRunner(context: self).hook(hook, target, timeout: timeout)
            inbox.put { $0.hooks.append(.init(container: name, instance: target.instance, isPostStart: false, failure: failure)) }
        }
    }

    /// Takes note of a hook's end.
    func recordHook(_ result: PodInbox.HookResult, _ state: inout PodWorker.State) {
        guard var history = state.histories[result.container], history.isRunning, history.current?.id == result.instance,
            let container = state.pod.allContainers.first(where: { $0.name == result.container })
        else { return }
        let field = state.pod.fieldPath(ofContainer: result.container)
        if let failure = result.failure {
            let name = result.isPostStart ? "PostStart" : "PreStop"
            events.record(.warning, reason: "Failed\(name)Hook", "\(name)Hook failed", about: state.pod.object, fieldPath: field)
            logger.info("hook failed", metadata: ["pod": "\(state.pod.name)", "container": "\(result.container)", "error": "\(failure)"])
        }
        if !result.isPostStart {
            history.stop?.hookEnded()
        } else if result.failure == nil {
            history.isInPostStart = false
            history.probes = ContainerProbes(container, startedAt: time.monotonic())
        } else if history.stop == nil {
            // It stays in its hook until it has ended.
            let grace = state.pod.gracePeriod
            history.stop = ContainerStop(grace: grace, hasHook: container.lifecycle.preStop != nil, isOrdered: false, now: time.monotonic())
            eventKilling(result.container, .postStartHook, state.pod)
        }
        state.histories[result.container] = history
    }

    /// Takes note of a probe's outcome and tells what failed.
    func recordProbe(_ result: PodInbox.ProbeResult, _ state: inout PodWorker.State) {
        guard var history = state.histories[result.container], history.isRunning, history.current?.id == result.instance else { return }
        history.probes?.end(result.kind, result.outcome, at: time.monotonic())
        probeCounts.note(state.pod, container: result.container, result.kind, result.outcome)
        state.histories[result.container] = history
        let field = state.pod.fieldPath(ofContainer: result.container)
        switch result.outcome {
        case .success: break
        case .warning(let message):
            events.record(
                .warning, reason: "ProbeWarning", "\(result.kind.rawValue) probe warning: \(message)", about: state.pod.object, fieldPath: field)
        case .failure(let message):
            events.record(
                .warning, reason: "Unhealthy", "\(result.kind.rawValue) probe failed: \(message)", about: state.pod.object, fieldPath: field)
        case .unknown(let message):
            events.record(
                .warning, reason: "Unhealthy", "\(result.kind.rawValue) probe errored and resulted in unknown state: \(message)",
                about: state.pod.object, fieldPath: field)
        }
    }
}

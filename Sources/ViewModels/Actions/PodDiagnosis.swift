import APIMachinery
import KubeSchemas
import LinuxKernel

/// Why a pod is not running, in words, most likely cause first: conditions, events and last exits joined. ``WhyReport`` makes a page of it.
struct PodDiagnosis {
    /// One possible cause.
    struct Cause: Hashable {
        /// Lower comes first.
        var rank: Int
        var tone: Tone
        var text: String
        /// What it is read from, and what helps.
        var details: [String] = []
    }

    private let pod: Pod
    private let events: [Event]
    private let now: Timestamp

    init(_ pod: Pod, events: [Event], now: Timestamp) {
        self.pod = pod
        self.events = events
        self.now = now
    }

    /// The causes, most likely first; empty when the pod is fine.
    var causes: [Cause] {
        var causes = placement + deletion
        let status = pod.status
        let isDone = status.phase == "Succeeded"
        for container in status.initContainerStatuses { causes += self.causes(container, isInit: true) }
        if !isDone { for container in status.containerStatuses { causes += self.causes(container, isInit: false) } }
        if status.phase == "Failed", !status.reason.isEmpty {
            causes.append(
                Cause(rank: 0, tone: .error, text: "the pod failed: \(status.reason)", details: [status.message].filter { !$0.isEmpty }))
        }
        causes += sandbox(hasCause: !causes.isEmpty)
        return causes.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element)
    }

    /// Writes what the causes are read from: last exits, and conditions that do not hold.
    func writeEvidence(_ text: inout DetailText) {
        writeExits(&text)
        writeConditions(&text)
    }

    // MARK: - Causes

    private var placement: [Cause] {
        let spec = pod.spec
        guard spec.nodeName.isEmpty, !pod.isTerminated else { return [] }
        let condition = pod.status.conditions["PodScheduled"]
        if condition?.reason == "SchedulingGated" || !spec.schedulingGates.isEmpty {
            return [
                Cause(
                    rank: 0, tone: .warning, text: "it is held back by the scheduling gates \(spec.schedulingGates.joined(separator: ", "))"
                )
            ]
        }
        let event = events.last { $0.reason == "FailedScheduling" }
        let why = condition.flatMap { $0.isTrue || $0.message.isEmpty ? nil : $0.message } ?? event?.message
        guard let why else { return [Cause(rank: 2, tone: .pending, text: "no node was chosen for it yet")] }
        var details = [why]
        if why.contains("Insufficient") {
            details.append("it asks for \(Self.requests(PodResources(spec))): ask for less, or free some")
        }
        if why.contains("taint") { details.append("tolerate the taint in spec.tolerations, or take it from the node") }
        details += Self.placementRemedies(why)
        return [Cause(rank: 0, tone: .error, text: "no node fits it", details: details)]
    }

    /// What is set aside for a pod, in words.
    private static func requests(_ resources: PodResources) -> String {
        var words = resources.memoryRequest.value == 0 ? [] : ["\(resources.memoryRequest) memory"]
        let others = resources.requests.filter { !["cpu", "memory"].contains($0.key) && !$0.value.isZero }
        words += others.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        if resources.cpuRequest.value > 0 || words.isEmpty { words.insert("\(resources.cpuRequest) CPU", at: 0) }
        return words.count == 1 ? words[0] : "\(words.dropLast().joined(separator: ", ")) and \(words[words.count - 1])"
    }

    private var deletion: [Cause] {
        guard let since = pod.object.deletionTimestamp else { return [] }
        var details: [String] = []
        if !pod.object.finalizers.isEmpty { details.append("waiting for finalizers: \(pod.object.finalizers.joined(separator: ", "))") }
        return [Cause(rank: 1, tone: .warning, text: "it is being deleted; its grace period ends \(since.rfc3339)", details: details)]
    }

    private func causes(_ container: ContainerStatus, isInit: Bool) -> [Cause] {
        let name = "\(isInit ? "init container" : "container") \(container.name)"
        let state = container.state
        if let waiting = state.waiting { return [waitingCause(waiting, container, name)].compactMap(\.self) }
        if let ended = state.terminated, ended.exitCode != 0 || !isInit && pod.spec.restartPolicy == "Always" {
            return [exitCause(ended, name, rank: 1)]
        }
        if state.running != nil, !container.ready, !isInit { return [unready(container, name)] }
        if state.running != nil, isInit, container.started != true {
            return [Cause(rank: 3, tone: .pending, text: "\(name) is still running; the others start after it")]
        }
        return []
    }

    private func waitingCause(_ waiting: StateWaiting, _ container: ContainerStatus, _ name: String) -> Cause? {
        let message = [waiting.message].filter { !$0.isEmpty }
        switch waiting.reason {
        case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError":
            let pull = events.last { $0.reason == "Failed" && $0.message.contains("image") }.map { [$0.message] } ?? []
            let known = Self.distinct(message + pull)
            let remedy =
                known.contains { $0.contains("kdash image load") }
                ? "or correct the name in spec.containers" : "load it with: kdash image load FILE, or correct the name in spec.containers"
            return Cause(rank: 0, tone: .error, text: "\(name) has no image \(container.image)", details: known + [remedy])
        case "CrashLoopBackOff":
            guard let last = container.lastState.terminated else {
                return Cause(rank: 0, tone: .error, text: "\(name) keeps ending and waits before it starts again", details: message)
            }
            var cause = exitCause(last, name, rank: 0)
            cause.text =
                "\(name) keeps ending: \(ContainerText.ending(last)), \(container.restartCount == 1 ? "1 restart" : "\(container.restartCount) restarts")"
            cause.details += ["it waits before it starts again; p shows the log of the instance before"]
            return cause
        case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError":
            return Cause(rank: 0, tone: .error, text: "\(name) cannot be made", details: message)
        case "PodInitializing", "": return nil
        default:
            return Cause(rank: 3, tone: .pending, text: "\(name) is waiting: \(waiting.reason)", details: message)
        }
    }

    private func exitCause(_ ended: StateTerminated, _ name: String, rank: Int) -> Cause {
        var details = [ended.message].filter { !$0.isEmpty }
        switch ended.exitCode {
        case _ where ended.reason == "OOMKilled":
            details.append("it used more memory than its limit: raise resources.limits.memory or use less")
        case 126: details.append("126: the program is there but cannot be executed")
        case 127: details.append("127: the program was not found in the image")
        case 137: details.append("137: killed by SIGKILL, by a deletion, a probe or the memory limit")
        case 139: details.append("139: it crashed (SIGSEGV)")
        case 143: details.append("143: it was asked to end (SIGTERM)")
        default: break
        }
        let when = ended.finishedAt.map { " \(HumanDuration.text(now - $0)) ago" } ?? ""
        return Cause(
            rank: rank, tone: ended.exitCode == 0 ? .warning : .error, text: "\(name) ended: \(ContainerText.ending(ended))\(when)",
            details: details)
    }

    private func unready(_ container: ContainerStatus, _ name: String) -> Cause {
        let probe = events.last { $0.reason == "Unhealthy" }
        let text = container.started == false ? "\(name) runs, but its startup probe has not passed" : "\(name) runs, but is not ready"
        return Cause(
            rank: 2, tone: .warning, text: text, details: probe.map { ["\($0.message) (\(ContainerText.age($0.lastSeen, now)) ago)"] } ?? []
        )
    }

    /// What the node says when no container has a state of its own to blame.
    private func sandbox(hasCause: Bool) -> [Cause] {
        guard !hasCause, !pod.isTerminated, pod.status.phase != "Running" || !pod.isReady else { return [] }
        guard !pod.spec.nodeName.isEmpty else { return [] }
        if let event = events.last(where: { $0.type == "Warning" }) {
            return [Cause(rank: 1, tone: .error, text: "node \(pod.spec.nodeName) reports: \(event.reason)", details: [event.message])]
        }
        return [Cause(rank: 3, tone: .pending, text: "node \(pod.spec.nodeName) is starting it")]
    }

    private static func distinct(_ texts: [String]) -> [String] {
        // What another one says with more words around it is said already.
        texts.enumerated().filter { index, text in
            !texts.enumerated().contains { $0.offset != index && $0.element.contains(text) && ($0.element != text || $0.offset < index) }
        }.map(\.element)
    }

    // MARK: - Evidence

    private func writeExits(_ text: inout DetailText) {
        let exits = (pod.status.initContainerStatuses + pod.status.containerStatuses).filter {
            $0.state.terminated != nil || $0.lastState.terminated != nil
        }
        guard !exits.isEmpty else { return }
        text.heading("Last exits")
        for container in exits {
            let state = container.state.terminated != nil ? container.state : container.lastState
            text.fact(container.name, ContainerText.spans(state, now: now))
        }
    }

    private func writeConditions(_ text: inout DetailText) {
        let conditions = pod.status.conditions.filter { !$0.isTrue }
        guard !conditions.isEmpty else { return }
        text.heading("Conditions that do not hold")
        let width = conditions.reduce(14) { max($0, $1.type.count + 2) }
        for condition in conditions {
            text.fact(
                condition.type,
                [
                    TextSpan(condition.reason.isEmpty ? condition.status : condition.reason, .warning),
                    TextSpan(condition.message.isEmpty ? "" : "  \(condition.message)", .dim),
                ], width: width)
        }
    }
}

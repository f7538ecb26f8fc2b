import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// The events about a pod whose log has no line, as they come.
struct LogEvents {
    let uid: String
    let informer: Informer

    /// Why they cannot be read, as an object's snapshot has it.
    var unread: [String] { if case .failing(let status) = informer.state { ["events: \(status.message)"] } else { [] } }

    /// Oldest first.
    var events: [Event] {
        informer.all().map { Event($0) }.filter { $0.involvedObject.uid == uid }.sorted {
            ($0.lastSeen ?? Timestamp(seconds: 0), $0.object.name) < ($1.lastSeen ?? Timestamp(seconds: 0), $1.object.name)
        }
    }
}

extension ClusterSession {
    /// While there is no line, the log pane says how the pod stands and what happened to it last.
    func explainEmptyLog() {
        let logs = app.logs
        guard logs.endLine == logs.firstLine, let pod = emptyLogPod else {
            logs.explanation = []
            guard logEvents != nil else { return }
            logEvents = nil
            return tasks.cancel(.logEvents)
        }
        followEvents(about: pod)
        logs.explanation = reasons(pod, logEvents)
    }

    private func followEvents(about pod: Pod) {
        guard logEvents?.uid != pod.uid, let client = cluster?.client else { return }
        let about = FieldSelector(requirements: [FieldSelector.Requirement(field: "involvedObject.uid", value: pod.uid)])
        let informer = Informer(client: client, resource: Event.resource, namespace: pod.namespace, fields: about, time: time)
        logEvents = LogEvents(uid: pod.uid, informer: informer)
        let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        informer.addHandler { _ in changed.yield() }
        informer.addStateHandler { _ in changed.yield() }
        tasks.run(.logEvents) { [weak self] in
            async let _: Void = informer.run()
            for await _ in changes { self?.explainEmptyLog() }
        }
    }

    /// Causes, the most likely first, then what they are read from and the newest events.
    private func reasons(_ pod: Pod, _ found: LogEvents?) -> [[TextSpan]] {
        let events = found?.events ?? []
        let diagnosis = PodDiagnosis(pod, events: events, now: time.now())
        var text = DetailText()
        let row = PodRow(pod)
        text.heading("Pod", [TextSpan("  \(row.status)", row.tone)])
        for cause in diagnosis.causes {
            text.line([TextSpan(cause.text, cause.tone)])
            for detail in cause.details { text.line([TextSpan(detail, .dim)], indent: 4) }
        }
        diagnosis.writeEvidence(&text)
        text.events(events.suffix(12), unread: found?.unread ?? [], now: time.now())
        return text.lines
    }

    /// The pod whose state tells why there is no line: the shown one, or one of a merge that has not started.
    private var emptyLogPod: Pod? {
        let logs = app.logs
        switch logs.state {
        case .idle, .loading: return nil
        // A container that runs and has written nothing needs no reason.
        case .live: return nil
        case .waiting, .ended, .failed: break
        }
        let (namespace, name) = logs.target.map { ($0.namespace, $0.pod) } ?? logs.waitingPod.map { ($0.namespace, $0.name) } ?? ("", "")
        guard !name.isEmpty else { return nil }
        guard let object = keptPods.get(namespace: namespace, name: name) else {
            askForPod(namespace: namespace, name: name)
            return nil
        }
        if let target = logs.target, object.uid != target.podUID { return nil }
        return Pod(object)
    }
    /// Reads the pod that a log waits for, once it is in the table: until then there is nothing to read.
    private func askForPod(namespace: String, name: String) {
        let binding = ObjectBinding(context: app.context.name, namespace: namespace, kind: "Pod", name: name, uid: nil)
        guard !tasks.isRunning(.logPod), app.logs.target.map({ app.pods.row(uid: $0.podUID) != nil }) ?? true else { return }
        tasks.run(.logPod) { [weak self, time] in
            // best effort: without the pod the pane says only that it waits.
            let found = try? await self?.readPod(binding)
            if found == nil { do { try await time.sleep(for: .seconds(1)) } catch { return } }
            if !Task.isCancelled, found != nil { self?.explainEmptyLog() }
        }
    }
}

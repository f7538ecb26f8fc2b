import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    /// While there is no line, the log pane says how the pod stands and what happened to it last.
    func explainEmptyLog() {
        let logs = app.logs
        guard logs.endLine == logs.firstLine, let pod = emptyLogPod else {
            logs.explanation = []
            return
        }
        logs.explanation = reasons(pod, events: feed?.events(about: pod.object.uid) ?? [])
    }

    /// Causes, the most likely first, then what they are read from and the newest events.
    private func reasons(_ pod: Pod, events: [Event]) -> [[TextSpan]] {
        let diagnosis = PodDiagnosis(pod, events: events, now: time.now())
        var text = DetailText()
        let row = PodRow(pod)
        text.heading("Pod", [TextSpan("  \(row.status)", row.tone)])
        for cause in diagnosis.causes {
            text.line([TextSpan(cause.text, cause.tone)])
            for detail in cause.details { text.line([TextSpan(detail, .dim)], indent: 4) }
        }
        diagnosis.writeEvidence(&text)
        text.heading("Events, newest first", events.isEmpty ? [TextSpan("  none in the last hour", .dim)] : [])
        for event in events.suffix(12).reversed() { text.line(PodDescription.spans(event, now: time.now())) }
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
        guard let object = feed?.pods.get(namespace: namespace, name: name) else { return nil }
        if let target = logs.target, object.uid != target.podUID { return nil }
        return Pod(object)
    }
}

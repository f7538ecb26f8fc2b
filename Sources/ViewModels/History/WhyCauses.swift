import APIMachinery
import KubeSchemas
import LinuxKernel

/// Why an object is not as it should be, most likely cause first; what to do next stands in the details.
enum WhyCauses {
    typealias Cause = PodDiagnosis.Cause

    /// The causes; empty when nothing is wrong.
    static func of(_ facts: WhyFacts) -> [Cause] {
        var causes = deletion(facts)
        switch facts.subject.kind {
        case "Pod": causes = PodDiagnosis(Pod(facts.subject), events: facts.ownEvents, now: facts.now).causes + scheduling(facts)
        case "Deployment": causes += deployment(facts)
        case "ReplicaSet", "ReplicationController", "StatefulSet": causes += replicas(facts)
        case "DaemonSet": causes += daemonSet(facts)
        case "Job": causes += job(facts)
        case "CronJob": causes += cronJob(facts)
        case "Service": causes += service(facts)
        case "Ingress": causes += ingress(facts)
        case "PersistentVolumeClaim": causes += claim(facts)
        case "Node": causes += node(facts)
        case "Namespace": causes += namespace(facts)
        case "CustomResourceDefinition": causes += definition(facts)
        default: causes += generic(facts)
        }
        if causes.isEmpty { causes = warnings(facts) }
        return causes.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element)
    }

    // MARK: - Any kind

    private static func deletion(_ facts: WhyFacts) -> [Cause] {
        guard facts.subject.isBeingDeleted, !["Pod", "Namespace"].contains(facts.subject.kind) else { return [] }
        let finalizers = facts.subject.finalizers
        let since = facts.subject.deletionTimestamp.map { " for \(ContainerText.age($0, facts.now))" } ?? ""
        guard !finalizers.isEmpty else { return [Cause(rank: 1, tone: .warning, text: "it is being deleted\(since)")] }
        var details = ["finalizers: \(finalizers.joined(separator: ", "))"]
        for finalizer in finalizers {
            switch finalizer {
            case "foregroundDeletion": details.append("it goes after everything it owns: look at what is owned and still there")
            case "orphan": details.append("the garbage collector takes the owner off what it owned first")
            case "kubernetes.io/pvc-protection": details.append("a pod still uses the claim: delete or stop that pod")
            case "kubernetes.io/pv-protection": details.append("a claim is still bound to the volume: delete that claim")
            default: details.append("whoever set \(finalizer) has to take it off: is its controller running? Taking it off by hand skips the cleanup")
            }
        }
        return [Cause(rank: 0, tone: .error, text: "it is being deleted\(since) and waits for its finalizers", details: details)]
    }

    private static let goodTypes: Set = ["Ready", "Available", "Established", "Synced", "Healthy", "Reconciled", "Accepted", "Programmed", "Initialized"]

    /// Conditions that say by their name that something is wrong.
    static func generic(_ facts: WhyFacts) -> [Cause] {
        facts.conditions.compactMap { condition in
            let isGood = goodTypes.contains(condition.type) || condition.type.hasSuffix("Ready") || condition.type.hasSuffix("Available")
            let isBad = ["Fail", "Degraded", "Stalled", "Error", "Pressure", "Unavailable", "Conflict"].contains { condition.type.contains($0) }
            guard isGood && condition.status == "False" || isBad && condition.isTrue || isGood && !isBad && condition.status == "Unknown" else { return nil }
            let reason = condition.reason.isEmpty ? "" : ": \(condition.reason)"
            return Cause(
                rank: condition.type == "Ready" ? 0 : 1, tone: condition.status == "Unknown" ? .warning : .error,
                text: "\(condition.type) is \(condition.status)\(reason)", details: [condition.message].filter { !$0.isEmpty })
        }
    }

    private static func warnings(_ facts: WhyFacts) -> [Cause] {
        guard let event = facts.ownEvents.last(where: { $0.type == "Warning" }), let seen = event.lastSeen, facts.now - seen < .seconds(600) else {
            return []
        }
        return [
            Cause(
                rank: 3, tone: .warning,
                text: "\(event.component.isEmpty ? "an event" : event.component) warned \(ContainerText.age(seen, facts.now)) ago: \(event.reason)",
                details: [event.message])
        ]
    }

    /// What the placement of a pending pod fails for, node by node.
    private static func scheduling(_ facts: WhyFacts) -> [Cause] {
        let pod = Pod(facts.subject)
        guard pod.spec.nodeName.isEmpty, !pod.isTerminated, !facts.nodes.isEmpty else { return [] }
        let lines = PlacementReasons.lines(pod, nodes: facts.nodes.map { Node($0) }, pods: facts.pods.map { Pod($0) })
        return lines.isEmpty ? [] : [Cause(rank: 1, tone: .error, text: "node by node", details: lines)]
    }

    // MARK: - What several kinds share

    /// The worst of what is owned: each pod's first cause, equal ones told once.
    static func pods(_ pods: [KubeObject], _ facts: WhyFacts) -> [Cause] {
        var order: [String] = []
        var found: [String: (cause: Cause, names: [String])] = [:]
        for object in pods.prefix(500) {
            guard let cause = PodDiagnosis(Pod(object), events: facts.events(about: object), now: facts.now).causes.first else { continue }
            if found[cause.text] == nil { order.append(cause.text) }
            found[cause.text, default: (cause, [])].names.append(object.name)
        }
        return order.prefix(5).compactMap { text in
            guard let (cause, names) = found[text] else { return nil }
            let who = names.count == 1 ? "pod \(names[0])" : "\(names.count) pods (\(names[0]), …)"
            return Cause(rank: cause.rank + 1, tone: cause.tone, text: "\(who): \(cause.text)", details: cause.details)
        }
    }

    /// Creations that the server refused: quota, admission, missing accounts.
    static func refusals(_ objects: [KubeObject], _ facts: WhyFacts) -> [Cause] {
        objects.compactMap { object in
            guard let event = facts.events(about: object).last(where: { $0.reason == "FailedCreate" || $0.reason == "FailedDaemonPod" }),
                let seen = event.lastSeen, facts.now - seen < .seconds(1800)
            else { return nil }
            return Cause(
                rank: 0, tone: .error, text: "the server refuses the pods of \(object.kind) \(object.name)",
                details: [event.message, remedy(event.message)])
        }
    }

    private static func remedy(_ message: String) -> String {
        if message.contains("exceeded quota") { return "next: raise the ResourceQuota of the namespace, or ask for less" }
        if message.contains("must specify") { return "next: set requests and limits in the template, or a LimitRange with defaults" }
        if message.contains("violates PodSecurity") { return "next: change the securityContext, or the pod-security labels of the namespace" }
        if message.contains("serviceaccount") { return "next: create the service account, or name another one in the template" }
        if message.contains("admission webhook") { return "next: that webhook decides; its message says what it wants" }
        if message.contains("is invalid") { return "next: correct the field that the message names in spec.template" }
        return "next: change the template so that the server accepts it"
    }

    static func unseen(_ facts: WhyFacts) -> [Cause] {
        guard let seen = facts.subject.integer("status", "observedGeneration"), seen < facts.subject.generation else { return [] }
        return [Cause(rank: 2, tone: .pending, text: "its controller has not seen the last change yet")]
    }
}

import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

extension WhyCauses {
    static func claim(_ facts: WhyFacts) -> [Cause] {
        let phase = facts.subject.string("status", "phase") ?? "Pending"
        if phase == "Lost" {
            return [Cause(rank: 0, tone: .error, text: "its volume \(facts.subject.string("spec", "volumeName") ?? "") is gone, and the data with it")]
        }
        guard phase == "Pending" else { return [] }
        let name = facts.subject.string("spec", "storageClassName")
        let users = facts.pods.map { Pod($0) }.filter { pod in pod.spec.volumes.contains { $0.claimName(of: pod) == facts.subject.name } }
        var causes: [Cause] = []
        if let event = facts.ownEvents.last(where: { $0.reason == "ProvisioningFailed" || $0.type == "Warning" }) {
            let what = event.reason == "FailedBinding" || event.reason == "VolumeMismatch" ? "it cannot have the volume that it names" : "no volume can be made"
            causes.append(Cause(rank: 0, tone: .error, text: "\(what): \(event.reason)", details: [event.message]))
        }
        if let volume = facts.subject.string("spec", "volumeName"), !volume.isEmpty {
            if causes.isEmpty { causes.append(Cause(rank: 1, tone: .pending, text: "it waits for volume \(volume), which it names")) }
            return causes
        }
        guard let name, !name.isEmpty else {
            if name == nil {
                causes.append(
                    Cause(
                        rank: 0, tone: .error, text: "it names no storage class, and none is the default",
                        details: ["next: set spec.storageClassName, or mark a class as the default"]))
            }
            if name == "" { causes.append(Cause(rank: 1, tone: .pending, text: "it waits for a volume that somebody makes by hand and that fits it")) }
            return causes
        }
        guard let found = facts.related("StorageClass").first(where: { $0.name == name }) else {
            causes.append(
                Cause(
                    rank: 0, tone: .error, text: "there is no storage class \(name)",
                    details: ["next: create the class, or make the claim anew with another one"]))
            return causes
        }
        if found.string("volumeBindingMode") == "WaitForFirstConsumer" {
            causes.append(
                users.isEmpty
                    ? Cause(
                        rank: 1, tone: .pending, text: "its class waits for the first pod that uses it, and there is none",
                        details: ["next: start a pod that mounts it"])
                    : Cause(rank: 1, tone: .pending, text: "it waits for pod \(users[0].name) to be placed", details: ["next: ask why of that pod"]))
        } else if causes.isEmpty {
            causes.append(
                Cause(
                    rank: 2, tone: .pending, text: "it waits for the provisioner \(found.string("provisioner") ?? "of its class")",
                    details: ["next: is that provisioner running?"]))
        }
        return causes
    }

    static func node(_ facts: WhyFacts) -> [Cause] {
        let node = Node(facts.subject)
        var causes: [Cause] = []
        let conditions = node.status.conditions
        if let ready = conditions["Ready"], !ready.isTrue {
            let remedy =
                ready.status == "Unknown"
                ? "next: the node does not report: is the machine up, does its agent run, is the network there?" : "next: see the agent's log on the node"
            causes.append(Cause(rank: 0, tone: .error, text: "it is not ready: \(ready.reason)", details: [ready.message, remedy].filter { !$0.isEmpty }))
        }
        for condition in conditions where condition.isTrue && (condition.type.hasSuffix("Pressure") || condition.type == "NetworkUnavailable") {
            causes.append(
                Cause(
                    rank: 1, tone: .error, text: "\(condition.type): \(condition.reason)",
                    details: [condition.message, "next: pods may be evicted until there is room again"].filter { !$0.isEmpty }))
        }
        if node.spec.unschedulable {
            causes.append(Cause(rank: 2, tone: .warning, text: "it is cordoned: no pod is placed on it", details: ["next: uncordon it"]))
        }
        let taints = node.spec.taints.filter { !$0.key.hasPrefix("node.kubernetes.io/") && $0.effect != "PreferNoSchedule" }
        if !taints.isEmpty {
            causes.append(
                Cause(
                    rank: 3, tone: .warning, text: "only pods that tolerate \(taints.map { "\($0.key):\($0.effect)" }.joined(separator: ", ")) are placed on it"
                ))
        }
        return causes
    }

    static func namespace(_ facts: WhyFacts) -> [Cause] {
        guard facts.subject.isBeingDeleted || facts.subject.string("status", "phase") == "Terminating" else { return [] }
        let since = facts.subject.deletionTimestamp.map { " for \(ContainerText.age($0, facts.now))" } ?? ""
        var causes: [Cause] = []
        for condition in facts.conditions where condition.isTrue {
            let next: String
            switch condition.type {
            case "NamespaceDeletionDiscoveryFailure": next = "next: an API that the server cannot reach: see `kubectl get apiservices`"
            case "NamespaceFinalizersRemaining": next = "next: whoever set these finalizers has to take them off: are their controllers running?"
            case "NamespaceContentRemaining": next = "next: look at what is left"
            case "NamespaceDeletionContentFailure": next = "next: the message names what cannot be deleted, and why"
            default: next = ""
            }
            let rank = condition.type == "NamespaceContentRemaining" ? 2 : 1
            causes.append(
                Cause(rank: rank, tone: .error, text: condition.message.isEmpty ? condition.type : condition.message, details: [next].filter { !$0.isEmpty }))
        }
        let finalizers = facts.subject.array("spec", "finalizers").compactMap(\.stringValue).filter { $0 != "kubernetes" } + facts.subject.finalizers
        if !finalizers.isEmpty {
            causes.append(Cause(rank: 1, tone: .error, text: "it waits for its own finalizers \(finalizers.joined(separator: ", "))"))
        }
        let stuck = facts.pods.filter { $0.isBeingDeleted }
        if !stuck.isEmpty {
            causes.append(Cause(rank: 2, tone: .warning, text: "\(stuck.count == 1 ? "pod \(stuck[0].name) is" : "\(stuck.count) pods are") still ending"))
        }
        if causes.isEmpty { causes.append(Cause(rank: 3, tone: .pending, text: "what was in it is being deleted")) }
        causes[0].text = "it is being deleted\(since): \(causes[0].text)"
        return causes
    }

    static func definition(_ facts: WhyFacts) -> [Cause] {
        facts.conditions.compactMap { condition in
            switch (condition.type, condition.status) {
            case ("NamesAccepted", "False"):
                Cause(
                    rank: 0, tone: .error, text: "its names are taken: \(condition.reason)",
                    details: [condition.message, "next: choose other names, or delete the other definition"])
            case ("Established", "False"):
                Cause(rank: 1, tone: .error, text: "it is not served yet: \(condition.reason)", details: [condition.message].filter { !$0.isEmpty })
            case ("NonStructuralSchema", "True"): Cause(rank: 1, tone: .warning, text: "its schema is not structural", details: [condition.message])
            case ("Terminating", "True"):
                Cause(
                    rank: 1, tone: .warning, text: "it is being deleted with all its objects: \(condition.reason)",
                    details: [condition.message].filter { !$0.isEmpty })
            default: nil
            }
        }
    }
}

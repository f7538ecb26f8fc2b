import APIMachinery
import JSONCore
import KubeSchemas

/// What a pod is found by.
struct GroupMember: Sendable, Hashable {
    let namespace: String
    let labels: JSONObject

    init(namespace: String, labels: JSONObject = JSONObject()) {
        self.namespace = namespace
        self.labels = labels
    }

    init(_ pod: Pod) {
        self.init(namespace: pod.namespace ?? "default", labels: pod.object["metadata", "labels"]?.objectValue ?? JSONObject())
    }
}

/// Pods that a placement rule means: by their labels, in some namespaces.
struct PodGroup: Sendable, Hashable {
    let namespaces: Set<String>
    /// Further namespaces; nil for none.
    let namespaceSelector: LabelSelector?
    let selector: LabelSelector

    /// The pods of a namespace.
    init(namespace: String, _ selector: LabelSelector) {
        namespaces = [namespace]
        namespaceSelector = nil
        self.selector = selector
    }

    /// The pods that a term of `pod` means. Without namespaces and a selector of them it means the pod's own.
    init(_ term: PodAffinityTerm, of pod: GroupMember) {
        let isLocal = term.namespaces.isEmpty && term.namespaceSelector.isNull
        namespaces = isLocal ? [pod.namespace] : Set(term.namespaces)
        namespaceSelector = term.namespaceSelector.isNull ? nil : LabelSelector(stored: term.namespaceSelector)
        // Label keys of the term are in its selector since the pod was made.
        selector = LabelSelector(stored: term.labelSelector)
    }

    /// Whether a pod is one of them. `labels` are those of the namespaces.
    func contains(_ pod: GroupMember, _ labels: [String: JSONObject]) -> Bool {
        guard namespaces.contains(pod.namespace) || (namespaceSelector?.matches(labels: labels[pod.namespace]) ?? false) else { return false }
        return selector.matches(labels: pod.labels)
    }
}

extension LabelSelector {
    /// A selector of an object that was validated; one that cannot be read selects nothing.
    init(stored value: JSONValue) {
        self = (try? LabelSelector(value: value)) ?? .nothing  // best effort: validation has refused what cannot be read
    }
}

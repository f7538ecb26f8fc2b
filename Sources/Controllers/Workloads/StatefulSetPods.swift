import APIMachinery
import JSONCore
import KubeSchemas

/// Names, numbers and claims of a StatefulSet's pods. Source: `pkg/controller/statefulset/stateful_set_utils.go`.
enum StatefulSetPods {
    static let nameLabel = "statefulset.kubernetes.io/pod-name"
    static let indexLabel = "apps.kubernetes.io/pod-index"
    /// The label of a pod that names its revision.
    static let revisionLabel = "controller-revision-hash"

    /// The set's name and the number that a pod's name is made from; nil for other names.
    static func identity(_ name: String) -> (set: Substring, ordinal: Int64)? {
        guard let dash = name.lastIndex(of: "-") else { return nil }
        let digits = name[name.index(after: dash)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let ordinal = Int64(digits), ordinal <= Int32.max,
            digits == String(ordinal)
        else { return nil }
        return (name[..<dash], ordinal)
    }

    static func ordinal(_ pod: Pod) -> Int64 { identity(pod.name)?.ordinal ?? -1 }

    static func revision(_ pod: Pod) -> String { pod.labels[revisionLabel] ?? "" }

    /// The labels that a pod of a name always has.
    static func marks(_ name: String) -> [String: String] {
        [nameLabel: name, indexLabel: String(identity(name)?.ordinal ?? 0)]
    }

    static func name(_ set: StatefulSet, _ ordinal: Int64) -> String { "\(set.name)-\(ordinal)" }

    /// A pod of a number, as a revision describes it.
    static func make(_ set: StatefulSet, _ ordinal: Int64, _ revision: ControllerRevision) -> Pod {
        var pod = Pod.fromTemplate(RevisionHistory.template(of: revision), owner: set.object)
        let name = name(set, ordinal)
        pod.object["metadata", "generateName"] = nil
        pod.object.name = name
        pod.object.labels.merge(marks(name)) { _, new in new }
        pod.object.labels[revisionLabel] = revision.name
        pod.object["spec", "hostname"] = .string(name)
        if !set.spec.serviceName.isEmpty { pod.object["spec", "subdomain"] = .string(set.spec.serviceName) }
        let claims = set.spec.claimTemplates.compactMap { $0["metadata", "name"]?.stringValue }
        let others = pod.object.array("spec", "volumes").filter { volume in !claims.contains { volume["name"] == .string($0) } }
        let own = claims.map { claim -> JSONValue in
            ["name": .string(claim), "persistentVolumeClaim": ["claimName": .string("\(claim)-\(name)")]]
        }
        if !own.isEmpty { pod.object["spec", "volumes"] = .array(others + own) }
        return pod
    }

    /// The claims of a pod of a number, as the set's templates describe them.
    static func claims(_ set: StatefulSet, _ ordinal: Int64) -> [KubeObject] {
        let selected = ObjectPart(set.spec.selector).textMap("matchLabels")
        return set.spec.claimTemplates.compactMap { template in
            guard let name = template["metadata", "name"]?.stringValue else { return nil }
            var claim = KubeObject(template)
            claim.setType(GroupVersionKind(group: "", version: "v1", kind: "PersistentVolumeClaim"))
            claim["status"] = nil
            claim.name = "\(name)-\(Self.name(set, ordinal))"
            claim.namespace = set.namespace
            claim.labels.merge(selected) { _, new in new }
            return claim
        }
    }

    /// Whether a claim's name is one that the set's templates give.
    static func owns(_ set: StatefulSet, claim name: String) -> Bool {
        guard let (rest, _) = identity(name) else { return false }
        return set.spec.claimTemplates.contains { $0["metadata", "name"]?.stringValue.map { rest == "\($0)-\(set.name)" } ?? false }
    }
}

import APIMachinery
import JSONCore
import KubeSchemas

/// Names, revisions and annotations of a Deployment's ReplicaSets.
enum DeploymentRevisions {
    static let annotation = "deployment.kubernetes.io/revision"
    static let desired = "deployment.kubernetes.io/desired-replicas"
    static let maximum = "deployment.kubernetes.io/max-replicas"

    /// Annotations that do not travel from a Deployment to its ReplicaSets.
    private static let own: Set<String> = [
        annotation, desired, maximum, "kubectl.kubernetes.io/last-applied-configuration", "deprecated.deployment.rollback.to",
    ]

    static func revision(of object: KubeObject) -> Int64 { object.annotations[annotation].flatMap { Int64($0) } ?? 0 }

    /// The revision that the present template has or gets.
    static func next(_ rollout: Rollout) -> Int64 {
        let highest = rollout.old.map { revision(of: $0.object) }.max() ?? 0
        return max(highest + 1, rollout.current.map { revision(of: $0.object) } ?? 0)
    }

    /// What a set should say about the deployment: the one of the present template, which has a revision, also the deployment's own
    /// annotations; the others keep those of their time.
    static func annotations(_ deployment: Deployment, revision: Int64?, keeping: [String: String] = [:]) -> [String: String] {
        var annotations = keeping
        if let revision {
            for (key, value) in deployment.object.annotations where !own.contains(key) { annotations[key] = value }
            annotations[annotation] = String(revision)
        }
        annotations[desired] = String(deployment.spec.replicas)
        annotations[maximum] = String(deployment.spec.replicas + RolloutBudget(deployment.spec).surge)
        return annotations
    }

    /// A new ReplicaSet of the present template.
    static func make(_ deployment: Deployment, replicas: Int64, revision: Int64) -> ReplicaSet {
        let spec = deployment.spec
        let hash = TemplateHash.text(TemplateHash.bare(spec.template), collisions: deployment.status.collisionCount ?? 0)
        var set = ReplicaSet(name: "\(deployment.name.prefix(240))-\(hash)", namespace: deployment.namespace)
        var labels = spec.template.labels
        labels[TemplateHash.label] = hash
        set.object.labels = labels
        set.object.annotations = annotations(deployment, revision: revision)
        set.object.ownerReferences = [OwnerReference(controller: deployment.object)]
        var template = KubeObject(TemplateHash.bare(spec.template))
        template.labels = labels
        var selector = spec.selector
        selector["matchLabels", TemplateHash.label] = .string(hash)
        set.object["spec"] = [
            "replicas": .integer(replicas), "minReadySeconds": .integer(spec.minReadySeconds), "selector": selector,
            "template": template.value,
        ]
        if spec.minReadySeconds == 0 { set.object["spec", "minReadySeconds"] = nil }
        return set
    }
}

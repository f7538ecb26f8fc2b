import APIMachinery
import ClusterOperations
import JSONCore
import KubeSchemas
import LinuxKernel

/// Everything worth knowing about an object of any kind, the useful parts of common kinds first, for reading from top to bottom.
struct ObjectDescription {
    let snapshot: ObjectSnapshot
    let now: Timestamp
    /// Whether the values of a Secret are shown.
    let isRevealed: Bool
    var text = DetailText()

    var object: KubeObject { snapshot.object }

    /// The text for an object as it is, with what its lines stand for in a context.
    static func text(_ snapshot: ObjectSnapshot, now: Timestamp, context: String, isRevealed: Bool = false) -> DetailText {
        if snapshot.object.kind == "Pod", snapshot.object.apiVersion == "v1" {
            return PodDescription.text(Pod(snapshot.object), events: snapshot.events, unread: snapshot.unread, now: now, context: context)
        }
        var description = ObjectDescription(snapshot: snapshot, now: now, isRevealed: isRevealed)
        description.text.context = context
        description.text.identity(snapshot.object, now: now)
        description.writeBody()
        description.text.conditions(snapshot.object, now: now)
        description.text.unread(snapshot.unread.filter { !$0.hasPrefix("events: ") })
        description.text.events(snapshot.events, unread: snapshot.unread, now: now)
        return description.text
    }

    /// Whether an object of a kind has values that are hidden at first.
    static func hidesValues(_ object: KubeObject) -> Bool { object.kind == "Secret" && object.apiVersion == "v1" }

    private mutating func writeBody() {
        switch (object.gvk.group, object.kind) {
        case ("apps", "Deployment"): writeDeployment()
        case ("apps", "ReplicaSet"), ("", "ReplicationController"): writeReplicaSet()
        case ("apps", "StatefulSet"): writeStatefulSet()
        case ("apps", "DaemonSet"): writeDaemonSet()
        case ("batch", "Job"): writeJob()
        case ("batch", "CronJob"): writeCronJob()
        case ("autoscaling", "HorizontalPodAutoscaler"): writeAutoscaler()
        case ("policy", "PodDisruptionBudget"): writeBudget()
        case ("", "Service"): writeService()
        case ("networking.k8s.io", "Ingress"): writeIngress()
        case ("networking.k8s.io", "NetworkPolicy"): writeNetworkPolicy()
        case ("", "ConfigMap"): writeConfigMap()
        case ("", "Secret"): writeSecret()
        case ("", "PersistentVolumeClaim"): writeClaim()
        case ("", "PersistentVolume"): writeVolume()
        case ("", "Node"): writeNode()
        case ("", "Namespace"): writeNamespace()
        case ("", "Event"): writeEvent()
        case ("", "ServiceAccount"): writeServiceAccount()
        case (RoleBinding.resource.group, "Role"), (RoleBinding.resource.group, "ClusterRole"): writeRole()
        case (RoleBinding.resource.group, "RoleBinding"), (RoleBinding.resource.group, "ClusterRoleBinding"): writeRoleBinding()
        default: writeFields()
        }
    }

    /// What has no layout of its own is shown as it is, without what is said elsewhere.
    private mutating func writeFields() {
        for member in object.value.objectValue ?? JSONObject()
        where !["apiVersion", "kind", "metadata", "status", "data", "stringData"].contains(member.key) {
            text.fields(Self.title(member.key), member.value)
        }
        var status = object["status"]
        status?["conditions"] = nil
        text.fields("Status", status)
        text.fields("Data", object["data"])
    }

    private static func title(_ field: String) -> String { (field.first?.uppercased() ?? "") + field.dropFirst() }

    /// Related objects of one kind.
    func related(_ relation: Relation) -> [KubeObject] { snapshot.related[relation] ?? [] }
}

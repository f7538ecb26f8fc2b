internal import APIMachinery
internal import JSONCore

/// Turns `priorityClassName` into a priority, and keeps the default class unique. Source: `plugin/pkg/admission/priority`.
struct PriorityAdmission: AdmissionStep {
    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.isMain("", "pods") else { return }
        if request.operation == .update {
            for field in ["priority", "preemptionPolicy"] where object["spec", field] == nil {
                object["spec", field] = request.old?["spec", field]
            }
            return
        }
        let (value, policy) = try priority(&object, request)
        if let given = object.integer("spec", "priority"), given != value {
            throw request.forbidden(
                "the integer value of priority (\(given)) must not be provided in pod spec; "
                    + "priority admission controller computed \(value) from the given PriorityClass name")
        }
        if let given = object.string("spec", "preemptionPolicy"), !given.isEmpty, given != policy {
            throw request.forbidden(
                "the string value of PreemptionPolicy (\(given)) must not be provided in pod spec; "
                    + "priority admission controller computed \(policy) from the given PriorityClass name")
        }
        object["spec", "priority"] = .integer(value)
        object["spec", "preemptionPolicy"] = .string(policy)
    }

    /// The priority and preemption policy of the pod's class, or of the default class.
    private func priority(_ pod: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) -> (Int64, String) {
        func read(_ object: KubeObject) -> (Int64, String) {
            (object.integer("value") ?? 0, object.string("preemptionPolicy") ?? "PreemptLowerPriority")
        }
        let name = pod.string("spec", "priorityClassName") ?? ""
        guard name.isEmpty else {
            guard let found = try request.core.lookup.get(group: "scheduling.k8s.io", "priorityclasses", name: name) else {
                throw request.forbidden("no PriorityClass with name \(name) was found")
            }
            return read(found)
        }
        let defaults = try request.core.lookup.list(group: "scheduling.k8s.io", "priorityclasses").filter {
            $0.bool("globalDefault") == true
        }
        // Two can only come from a time before they were refused; the lower one does less harm.
        guard let least = defaults.min(by: { read($0).0 < read($1).0 }) else { return (0, "PreemptLowerPriority") }
        pod["spec", "priorityClassName"] = .string(least.name)
        return read(least)
    }

    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.isMain("scheduling.k8s.io", "priorityclasses"), request.operation != .delete,
            object.bool("globalDefault") == true
        else { return }
        let others = try request.core.lookup.list(group: "scheduling.k8s.io", "priorityclasses")
        if let other = others.first(where: { $0.bool("globalDefault") == true && $0.name != object.name }) {
            throw request.forbidden("PriorityClass \(other.name) is already marked as default. Only one default can exist")
        }
    }
}

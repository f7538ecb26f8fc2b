internal import APIMachinery
internal import JSONCore

/// Five minutes of patience with a node that is away. Source: `plugin/pkg/admission/defaulttolerationseconds`.
struct TolerationAdmission: AdmissionStep {
    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.isMain("", "pods") else { return }
        var tolerations = object.array("spec", "tolerations")
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] where !tolerates(tolerations, key) {
            tolerations.append(["key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300])
        }
        object["spec", "tolerations"] = .array(tolerations)
    }

    private func tolerates(_ tolerations: [JSONValue], _ key: String) -> Bool {
        tolerations.contains { toleration in
            let own = toleration["key"]?.stringValue ?? ""
            let effect = toleration["effect"]?.stringValue ?? ""
            return (own == key || own.isEmpty) && (effect == "NoExecute" || effect.isEmpty)
        }
    }
}

internal import APIMachinery

/// All admission steps in their order. A new step is one file and one row; policies and webhooks stand at the end of the list, as in
/// Kubernetes (`pkg/kubeapiserver/options/plugins.go`). Quota is apart: it is taken when a write is certain otherwise.
struct AdmissionChain: Sendable {
    let steps: [any AdmissionStep]
    let quota: QuotaLedger

    /// Runs every step's `mutate`.
    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        for step in steps { try step.mutate(&object, request) }
    }

    /// Runs every step's `validate`.
    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        for step in steps { try step.validate(object, request) }
    }

    /// Whether such a request may block the thread it is handled on.
    func waits(group: String, resource: String, subresource: String?) -> Bool {
        steps.contains { $0.waits(group: group, resource: resource, subresource: subresource) }
    }
}

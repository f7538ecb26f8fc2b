internal import APIMachinery

/// One rule between the decoded request and the store. A request passes every step's `mutate`, then the kind's own validation, then
/// every step's `validate`. Steps are shared by all threads and may be asked again for the same request when a write lost a race.
protocol AdmissionStep: Sendable {
    /// Whether the step takes milliseconds or asks somebody else (a webhook) about such a request, which is then handled on a thread
    /// that may block instead of an event loop.
    func waits(group: String, resource: String, subresource: String?) -> Bool
    /// Completes the object. Not called for deletions. Throws what the client is told.
    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus)
    /// Refuses what is complete by throwing what the client is told. `object` is the new state; in a deletion it is the old one.
    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus)
}

extension AdmissionStep {
    func waits(group: String, resource: String, subresource: String?) -> Bool { false }
    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {}
    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {}
}

internal import APIMachinery
internal import KubeClient
internal import LinuxKernel

/// Counts, times and audits one request from its arrival to its answer.
struct RequestObserver: Sendable {
    private let core: ServerCore
    private let request: APIRequest
    private let user: UserInfo
    private let kind: RequestKind
    private let start: Duration
    private let received: Timestamp
    private let id: String?
    /// What admission leaves for client and audit log.
    let notes = WarningBox()

    init(_ core: ServerCore, _ request: APIRequest, _ user: UserInfo) {
        self.core = core
        self.request = request
        self.user = user
        kind = RequestKind(request, segments: request.pathSegments)
        start = core.time.monotonic()
        received = core.time.now()
        id = core.audit != nil && AuditEvent.isWorthwhile(kind, user) ? SecureRandom.uuidV4() : nil
        core.metrics.began(isMutating: kind.isMutating)
    }

    /// The answer on its way out.
    func answered(_ response: APIResponse) -> APIResponse {
        ended(code: response.status)
        guard let id else { return response }
        var response = response
        response.headers.append(("audit-id", id))
        return response
    }

    /// The request is over with this code.
    func ended(code: Int) {
        // Names nobody serves must not make series of their own.
        let isKnown = core.endpoints[kind.group, kind.version, kind.resource] != nil
        let labels = RequestMetrics.Labels(
            verb: kind.metricVerb(request), group: isKnown ? kind.group : "", version: isKnown ? kind.version : "",
            resource: isKnown ? kind.resource : "", subresource: isKnown || kind.resource.isEmpty ? kind.subresource : "",
            scope: kind.scope, isDryRun: kind.isDryRun)
        let elapsed = (core.time.monotonic() - start).components
        core.metrics.ended(
            labels, isMutating: kind.isMutating, code: code, seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18)
        guard let id, let audit = core.audit else { return }
        let impersonated = request.headers.first { $0.0 == "impersonate-user" }.map { UserInfo(name: $0.1) }
        audit.append(
            AuditEvent.line(
                id: id, request, kind, user: user, impersonated: impersonated, code: code, annotations: notes.annotations,
                received: received, completed: core.time.now()))
    }
}

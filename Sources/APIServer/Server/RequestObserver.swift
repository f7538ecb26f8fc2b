internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// Counts, times and audits one request from its arrival to its answer. An answer that lasts is audited when it begins and again when
/// it is over.
struct RequestObserver: Sendable {
    private let core: ServerCore
    private let request: APIRequest
    /// What the request's path asks for; nil when it is malformed.
    let target: RequestPath?
    let kind: RequestKind
    private let start: Duration
    /// What the client calls its request; nil when it leaves that to the server.
    private let givenID: String?
    /// Nil when the request is not audited.
    private let event: AuditEvent?
    /// What admission leaves for client and audit log.
    let notes = WarningBox()

    /// `user` is nil when whoever sent the request was not believed.
    init(_ core: ServerCore, _ request: APIRequest, _ user: UserInfo?) {
        self.core = core
        self.request = request
        target = request.pathSegments.map { RequestPath($0) }
        kind = RequestKind(request, target)
        start = core.time.monotonic()
        let isAudited = core.audit != nil && AuditEvent.isWorthwhile(kind, user)
        givenID = AuditID.given(request)
        event =
            isAudited
            ? AuditEvent(id: givenID ?? SecureRandom.uuidV4(), request: request, kind: kind, user: user, received: core.time.now()) : nil
        core.metrics.began(isMutating: kind.isMutating)
    }

    /// The answer on its way out.
    func answered(_ response: APIResponse) -> APIResponse {
        count(code: response.status)
        let response = named(response)
        guard let event else { return response }
        return audited(response, event)
    }

    /// An answer with the name of its request; what sends it makes one up for a request that has none.
    private func named(_ response: APIResponse) -> APIResponse {
        guard let id = event?.id ?? givenID else { return response }
        var response = response
        response.headers.append(("audit-id", id))
        return response
    }

    private func audited(_ response: APIResponse, _ event: AuditEvent) -> APIResponse {
        var response = response
        let failure = Self.failure(response)
        if kind.isLongRunning { audit(.started, code: response.status, failure) }
        guard kind.isLongRunning, case .stream(let source) = response.body else {
            audit(.complete, code: response.status, failure)
            return response
        }
        let code = response.status
        response.body = .stream(EndingSource(source) { audit(.complete, code: code) })
        return response
    }

    /// The request was refused.
    func refused(_ status: APIStatus) {
        count(code: status.code)
        if kind.isLongRunning { audit(.started, code: status.code, status) }
        audit(.complete, code: status.code, status)
    }

    /// The request showed credentials that are not believed. Source: apiserver `pkg/endpoints/filters/authn_audit.go`.
    func unauthenticated(_ status: APIStatus, _ methods: [String]) -> APIResponse {
        count(code: status.code)
        let response = named(ResponseMaking.status(status))
        guard event != nil else { return response }
        var told = status
        told.message =
            methods.isEmpty ? "Authentication failed, no credentials provided" : "Authentication failed, attempted: \(methods.joined(separator: ", "))"
        audit(.started, code: status.code, told)
        return response
    }

    /// The connection has become something else. What is returned says when that is over.
    func upgraded() -> EndNotice {
        count(code: 101)
        audit(.started, code: 101)
        return EndNotice { audit(.complete, code: 101) }
    }

    private func count(code: Int) {
        core.freed.add(FreedMemory.Weight.request)
        // Names nobody serves must not make series of their own.
        let isKnown = core.endpoints[kind.group, kind.version, kind.resource] != nil
        let labels = RequestMetrics.Labels(
            verb: kind.metricVerb(request), group: isKnown ? kind.group : "", version: isKnown ? kind.version : "",
            resource: isKnown ? kind.resource : "", subresource: isKnown || kind.resource.isEmpty ? kind.subresource : "",
            scope: kind.scope, isDryRun: kind.isDryRun)
        let elapsed = (core.time.monotonic() - start).components
        core.metrics.ended(
            labels, isMutating: kind.isMutating, code: code, seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18)
    }

    private func audit(_ stage: AuditEvent.Stage, code: Int, _ failure: APIStatus? = nil) {
        guard let event, let audit = core.audit else { return }
        audit.append(event.line(stage, code: code, failure: failure, notes, at: core.time.now()))
    }

    /// The Status of a refusal; nil for everything else.
    private static func failure(_ response: APIResponse) -> APIStatus? {
        guard response.status >= 400, case .bytes(let bytes) = response.body, bytes.first == UInt8(ascii: "{"), bytes.count < 64 << 10,
            // best effort: what is no Status is audited by its code.
            let value = try? JSON.parse(bytes), value["kind"] == "Status"
        else { return nil }
        return APIStatus(value: value)
    }
}

import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization

/// Runs an exec credential plugin and keeps what it printed until that expires; requests at the same time share one run, since it may
/// ask a person to log in. Source: client.authentication.k8s.io/v1.
final class CredentialPlugin: Sendable {
    struct Credential: Sendable {
        var token: String?
        var identity: TLSMaterial.ClientIdentity?
        var expires: Timestamp?
    }

    private let plugin: ExecCredentialPlugin
    private let context: KubeconfigContext
    private let isAllowed: Bool
    private let time: any TimeSource
    private typealias Outcome = Result<Credential, APIStatus>

    private struct State {
        var cached: Credential?
        /// Those who wait for the run that is going on; nil when there is none. They are told nothing when it was over already.
        var waiting: [CheckedContinuation<Outcome?, Never>]?
    }
    private let state = Mutex(State())

    init(_ plugin: ExecCredentialPlugin, context: KubeconfigContext, isAllowed: Bool, time: any TimeSource) {
        self.plugin = plugin
        self.context = context
        self.isAllowed = isAllowed
        self.time = time
    }

    func credential() async throws(APIStatus) -> Credential {
        let now = time.now()
        if let present = state.withLock({ $0.cached }), present.expires.map({ now < $0 }) ?? true { return present }
        guard isAllowed else {
            throw APIStatus.unauthorized(
                "context \"\(context.name)\" logs in through the program \"\(plugin.command)\", which runs only when you choose the context yourself; "
                    + "name it with --context or pick it on the screen")
        }
        while true {
            let isFirst = state.withLock { state in
                defer { state.waiting = state.waiting ?? [] }
                return state.waiting == nil
            }
            if isFirst { return try await runForAll().get() }
            let shared = await withCheckedContinuation { continuation in
                let isGoing = state.withLock { state in
                    state.waiting?.append(continuation)
                    return state.waiting != nil
                }
                if !isGoing { continuation.resume(returning: nil) }
            }
            if let shared { return try shared.get() }
        }
    }

    private func runForAll() async -> Outcome {
        let outcome: Outcome
        do throws(APIStatus) {
            outcome = .success(try parse(try await PluginProcess(plugin, information: information).run()))
        } catch {
            outcome = .failure(error)
        }
        let waiting = state.withLock { state in
            if case .success(let credential) = outcome { state.cached = credential }
            return state.waiting.take() ?? []
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
        return outcome
    }

    func forget() -> Bool {
        state.withLock { $0.cached.take() } != nil
    }

    private var information: String {
        var info: JSONValue = ["apiVersion": .string(plugin.apiVersion), "kind": "ExecCredential", "spec": ["interactive": false]]
        if plugin.providesClusterInfo {
            info["spec", "cluster", "server"] = .string(context.cluster.server)
            if let name = context.cluster.tlsServerName { info["spec", "cluster", "tls-server-name"] = .string(name) }
            if context.cluster.skipsTLSVerification { info["spec", "cluster", "insecure-skip-tls-verify"] = true }
            if case .data(let bytes)? = context.cluster.certificateAuthority {
                info["spec", "cluster", "certificate-authority-data"] = .string(Base64.encode(bytes))
            }
        }
        return info.description
    }

    private func parse(_ output: [UInt8]) throws(APIStatus) -> Credential {
        guard let value = try? JSON.parse(output), value["kind"] == "ExecCredential", let status = value["status"], !status.isNull else {
            throw APIStatus.unauthorized("the credential program \"\(plugin.command)\" printed no ExecCredential with a status")
        }
        var credential = Credential(token: status["token"]?.stringValue)
        if let certificate = status["clientCertificateData"]?.stringValue, let key = status["clientKeyData"]?.stringValue {
            credential.identity = TLSMaterial.ClientIdentity(certificate: Array(certificate.utf8), key: Array(key.utf8))
        }
        credential.expires = status["expirationTimestamp"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        guard credential.token != nil || credential.identity != nil else {
            throw APIStatus.unauthorized("the credential program \"\(plugin.command)\" printed neither a token nor a certificate")
        }
        return credential
    }
}

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
        /// Which run of the program gave it, counted from 1.
        var run = 0
    }

    private let plugin: ExecCredentialPlugin
    private let context: KubeconfigContext
    private let isAllowed: Bool
    private let time: any TimeSource
    private typealias Outcome = Result<Credential, APIStatus>

    private struct State {
        var cached: Credential?
        var runs = 0
        /// Those who wait for the run that is going on; nil when there is none.
        var waiting: [CheckedContinuation<Turn, Never>]?
    }
    private let state = Mutex(State())

    /// What a caller gets to do.
    private enum Turn {
        case known(Outcome)
        /// The caller runs the program, for all who come meanwhile.
        case run
    }

    init(_ plugin: ExecCredentialPlugin, context: KubeconfigContext, isAllowed: Bool, time: any TimeSource) {
        self.plugin = plugin
        self.context = context
        self.isAllowed = isAllowed
        self.time = time
    }

    func credential() async throws(APIStatus) -> Credential {
        // Looking, running and waiting are decided in one step: between two of them a run could end, and be done again.
        let turn = await withCheckedContinuation { continuation in
            let now = time.now()
            let decided = state.withLock { state -> Turn? in
                if let present = state.cached, present.expires.map({ now < $0 }) ?? true { return .known(.success(present)) }
                guard isAllowed else { return .known(.failure(refusal)) }
                guard state.waiting != nil else {
                    state.waiting = []
                    return .run
                }
                state.waiting?.append(continuation)
                return nil
            }
            if let decided { continuation.resume(returning: decided) }
        }
        switch turn {
        case .known(let outcome): return try outcome.get()
        case .run: return try await runForAll().get()
        }
    }

    private var refusal: APIStatus {
        .unauthorized(
            "context \"\(context.name)\" logs in through the program \"\(plugin.command)\", which runs only when you choose the context yourself; "
                + "name it with --context or pick it on the screen")
    }

    private func runForAll() async -> Outcome {
        let outcome: Outcome
        do throws(APIStatus) {
            outcome = .success(try parse(try await PluginProcess(plugin, information: information).run()))
        } catch {
            outcome = .failure(error)
        }
        let (told, waiting) = state.withLock { state in
            state.runs += 1
            let told = outcome.map { credential in
                var credential = credential
                credential.run = state.runs
                return credential
            }
            if case .success(let credential) = told { state.cached = credential }
            return (told, state.waiting.take() ?? [])
        }
        for continuation in waiting { continuation.resume(returning: .known(told)) }
        return told
    }

    /// The server does not know the credential of a run: it is not used again. What a later run gave stays.
    func forget(run: Int) {
        state.withLock { state in
            if state.cached?.run == run { state.cached = nil }
        }
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

import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel

/// What a context's user shows the server: an Authorization header, and a client certificate when a plugin supplies one.
final class Credentials: Sendable {
    struct Shown: Sendable {
        var authorization: String?
        var identity: TLSMaterial.ClientIdentity?
        /// The run of a plugin that gave it; nil when it comes from elsewhere.
        var pluginRun: Int?
    }

    private let user: KubeconfigUser
    private let plugin: CredentialPlugin?

    /// A plugin is only ever run when `allowsPlugin` says that the user chose this context.
    init(context: KubeconfigContext, allowsPlugin: Bool, time: any TimeSource) {
        user = context.user
        plugin = context.user.exec.map { CredentialPlugin($0, context: context, isAllowed: allowsPlugin, time: time) }
    }

    func current() async throws(APIStatus) -> Shown {
        if let file = user.tokenFile, let token = Self.token(in: file) { return Shown(authorization: "Bearer \(token)") }
        if let token = user.token { return Shown(authorization: "Bearer \(token)") }
        if let name = user.username {
            return Shown(authorization: "Basic \(Base64.encode(Array("\(name):\(user.password ?? "")".utf8)))")
        }
        guard let plugin else { return Shown() }
        let credential = try await plugin.credential()
        return Shown(authorization: credential.token.map { "Bearer \($0)" }, identity: credential.identity, pluginRun: credential.run)
    }

    /// After a 401: forgets what a plugin said then. Returns whether asking again may help.
    func refresh(after shown: Shown) -> Bool {
        guard let plugin, let run = shown.pluginRun else { return false }
        plugin.forget(run: run)
        return true
    }

    /// Read for every request, since it is a short file that others replace. Unreadable, the kubeconfig's own token counts.
    private static func token(in path: String) -> String? {
        guard let text = try? FileSystem.readText(path, limit: 64 << 10) else { return nil }  // best effort: client-go does the same
        let token = text.split(whereSeparator: \.isWhitespace).first.map(String.init)
        return token
    }
}

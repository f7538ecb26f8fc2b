internal import KubeClient
internal import Synchronization

/// What a request leaves behind besides its answer: warnings for the client, annotations for the audit log. A request that is tried
/// again adds the same ones, which are kept once.
final class WarningBox: Sendable {
    private struct State {
        var warnings: [String] = []
        var annotations: [String: String] = [:]
        var impersonated: UserInfo?
        var isAuthorized = false
        var objectName = ""
    }

    private let state = Mutex(State())

    init() {}
    func set(_ texts: [String]) { state.withLock { $0.warnings = texts } }
    func get() -> [String] { state.withLock { $0.warnings } }

    func add(_ text: String) {
        state.withLock { if !$0.warnings.contains(text) { $0.warnings.append(text) } }
    }

    func annotate(_ key: String, _ text: String) { state.withLock { $0.annotations[key] = text } }
    var annotations: [String: String] { state.withLock { $0.annotations } }

    /// Whom the request is made as; nil when it is made as who sent it.
    var impersonated: UserInfo? {
        get { state.withLock { $0.impersonated } }
        set { state.withLock { $0.impersonated = newValue } }
    }

    /// The name that the body of a create gives its object; empty for none.
    var objectName: String {
        get { state.withLock { $0.objectName } }
        set { state.withLock { $0.objectName = newValue } }
    }

    /// Whether authorization has let the request pass, so that a refusal is somebody else's.
    var isAuthorized: Bool {
        get { state.withLock { $0.isAuthorized } }
        set { state.withLock { $0.isAuthorized = newValue } }
    }
}

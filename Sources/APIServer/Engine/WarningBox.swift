internal import Synchronization

/// What a request leaves behind besides its answer: warnings for the client, annotations for the audit log. A request that is tried
/// again adds the same ones, which are kept once.
final class WarningBox: Sendable {
    private let state = Mutex<(warnings: [String], annotations: [String: String])>(([], [:]))

    init() {}
    func set(_ texts: [String]) { state.withLock { $0.warnings = texts } }
    func get() -> [String] { state.withLock { $0.warnings } }

    func add(_ text: String) {
        state.withLock { if !$0.warnings.contains(text) { $0.warnings.append(text) } }
    }

    func annotate(_ key: String, _ text: String) { state.withLock { $0.annotations[key] = text } }
    var annotations: [String: String] { state.withLock { $0.annotations } }
}

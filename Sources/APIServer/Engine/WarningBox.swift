internal import Synchronization

/// The warnings of the last attempt of a mutation.
final class WarningBox: Sendable {
    private let warnings = Mutex<[String]>([])

    init() {}
    func set(_ texts: [String]) { warnings.withLock { $0 = texts } }
    func get() -> [String] { warnings.withLock { $0 } }
}

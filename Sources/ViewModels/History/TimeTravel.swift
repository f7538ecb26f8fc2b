import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel

/// What the open views of the past show.
@MainActor final class TimeTravel {
    private struct Open {
        weak var model: DetailModel?
        var list: WrittenList
    }
    private var lists: [Open] = []
    /// The table of the past that is open or was open last.
    var past: PastView?

    /// The writes that a text lists; nil for other texts.
    subscript(model: DetailModel) -> WrittenList? {
        get { lists.first { $0.model === model }?.list }
        set {
            lists.removeAll { $0.model == nil || $0.model === model }
            if let newValue { lists.append(Open(model: model, list: newValue)) }
        }
    }
}

/// Writes as a view lists them, newest first.
struct WrittenList: Sendable {
    /// Where the objects are found.
    var resource: GroupVersionResource
    /// Their kind.
    var kind: String
    /// The one object; nil when the list is of a kind.
    var name: String?
    /// What the list is of, for people: `Deployment demo/web`, `pods in demo`.
    var place: String
    var history: ObjectHistory?
    var marked: Int64?

    var versions: [ObjectHistory.Version] { history?.versions ?? [] }

    /// The state that a write found: the one it names, or else the last one before it that is kept.
    func before(_ version: ObjectHistory.Version) -> KubeObject? {
        guard version.previous != 0 else { return nil }
        return versions.first { $0.revision < version.revision && $0.name == version.name && $0.namespace == version.namespace }?.object
    }
}

extension ObjectHistory.Version {
    /// `alice (kubectl-edit)`: the user, and the program where managedFields name one that wrote then.
    var author: String {
        let entries = object?.array("metadata", "managedFields") ?? []
        let wrote = entries.filter { entry in
            guard let at = entry["time"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else { return false }
            return at <= time && time - at < .seconds(2)
        }
        let newest = wrote.max { ($0["time"]?.stringValue ?? "") < ($1["time"]?.stringValue ?? "") }
        guard what != .deleted, let manager = newest?["manager"]?.stringValue, manager != shortUser else { return shortUser }
        return "\(shortUser) (\(manager))"
    }

    /// The user without what every service account's name begins with.
    var shortUser: String {
        guard user.hasPrefix("system:serviceaccount:"), let name = user.split(separator: ":").last else { return user }
        return String(name)
    }
}

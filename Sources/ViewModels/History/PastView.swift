import APIMachinery
import KubeClient
import LinuxKernel

/// A table of the past: which moment, and the changes to go by.
struct PastView: Sendable {
    /// What is shown.
    enum Moment: Sendable, Hashable {
        /// Just after the write with this place in ``changes``.
        case change(Int)
        /// A time.
        case time(Timestamp)
    }

    var kind: ServedKind
    var scope: NamespaceScope
    /// The writes of the kind in the namespaces, newest first; what they wrote is left out.
    var changes: [ObjectHistory.Version] = []
    var history: ObjectHistory?
    var moment: Moment = .change(0)
    var table: ServerTable?
    var failure: String?

    /// The write that the shown moment follows; nil for a time.
    var change: ObjectHistory.Version? {
        guard case .change(let index) = moment, changes.indices.contains(index) else { return nil }
        return changes[index]
    }

    /// When the shown moment is.
    func time(now: Timestamp) -> Timestamp {
        if case .time(let time) = moment { return time }
        return change?.time ?? now
    }

    /// The moment as the server takes it; nil when nothing was ever written.
    var name: String? {
        if case .time(let time) = moment { return time.rfc3339Micro }
        return change.map { String($0.revision) }
    }

    /// Goes to the change before (`amount` below zero) or after; false when there is none.
    mutating func move(byChanges amount: Int) -> Bool {
        switch moment {
        case .change(let index):
            let next = index - amount
            guard changes.indices.contains(next) else { return false }
            moment = .change(next)
        case .time(let time):
            let older = changes.firstIndex { $0.time <= time }
            guard let next = amount < 0 ? older : (older ?? changes.count) - 1, changes.indices.contains(next) else { return false }
            moment = .change(next)
        }
        return true
    }

    /// Whether writes of the status are missing at the shown moment, so that states may be older than it.
    func lacksStates(now: Timestamp) -> Bool { history?.statesSince.map { time(now: now) < $0 } ?? false }
}

package import LinuxKernel
import Synchronization

/// The gates of one window: a context that is open in several places, or reached again, has one gate, so that an unlock holds for all of them.
///
/// A gate is for a name with the server and user behind it: a kubeconfig that leads the name elsewhere meanwhile finds a closed one.
package final class ContextGates: Sendable {
    private struct Place: Hashable {
        var context: String
        var server: String
        var user: String
    }

    private let isReadOnly: Bool
    private let time: any TimeSource
    private let gates = Mutex<[Place: ContextGate]>([:])

    /// No gates yet; with `isReadOnly` none can be unlocked.
    package init(isReadOnly: Bool, time: any TimeSource = SystemTimeSource()) {
        self.isReadOnly = isReadOnly
        self.time = time
    }

    /// The gate of a context that kdash did not create.
    package func gate(_ context: String, server: String, user: String) -> ContextGate {
        let place = Place(context: context, server: server, user: user)
        return gates.withLock { gates in
            if let known = gates[place] { return known }
            let gate = ContextGate(context: context, mode: isReadOnly ? .readonly : .protected(canUnlock: true), time: time)
            gates[place] = gate
            return gate
        }
    }
}

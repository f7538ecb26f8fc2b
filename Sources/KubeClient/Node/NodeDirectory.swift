import Synchronization

/// The nodes whose agents run in this process, by name.
package final class NodeDirectory: Sendable {
    private let connections = Mutex<[String: any NodeConnection]>([:])

    /// A directory without nodes.
    package init() {}

    /// Makes a node reachable; replaces an earlier connection of the same name.
    package func register(_ name: String, _ connection: any NodeConnection) {
        connections.withLock { $0[name] = connection }
    }

    /// Makes a node unreachable.
    package func unregister(_ name: String) {
        connections.withLock { $0[name] = nil }
    }

    /// The connection to a node; nil when it does not run here.
    package func connection(named name: String) -> (any NodeConnection)? {
        connections.withLock { $0[name] }
    }

    /// The names of all reachable nodes, sorted.
    package var names: [String] {
        connections.withLock { $0.keys.sorted() }
    }
}

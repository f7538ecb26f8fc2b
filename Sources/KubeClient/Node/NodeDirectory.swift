import Synchronization

/// The nodes whose agents run in this process, by name.
package final class NodeDirectory: Sendable {
    private let connections = Mutex<[String: any NodeConnection]>([:])
    private let others = Mutex<(@Sendable (String) -> (any NodeConnection)?)?>(nil)

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

    /// Has `find` answer for nodes that are not registered. They are not among ``names``: nobody gathers anything from them.
    package func findOthers(_ find: @escaping @Sendable (String) -> (any NodeConnection)?) {
        others.withLock { $0 = find }
    }

    /// The connection to a node; nil when it does not run here.
    package func connection(named name: String) -> (any NodeConnection)? {
        if let own = connections.withLock({ $0[name] }) { return own }
        return others.withLock { $0 }?(name)
    }

    /// The names of all registered nodes, sorted.
    package var names: [String] {
        connections.withLock { $0.keys.sorted() }
    }
}

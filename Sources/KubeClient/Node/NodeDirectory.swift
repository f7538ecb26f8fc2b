package import LinuxKernel
internal import Synchronization

/// The nodes whose agents run in this process, by name.
package final class NodeDirectory: Sendable {
    private let connections = Mutex<[String: any NodeConnection]>([:])
    private let others = Mutex<(@Sendable (String) -> (any NodeConnection)?)?>(nil)

    private let enclosure = Mutex<NetworkNamespace?>(nil)

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

    /// The network that pods, services and nodes are reached through; nil, the default, when this process's own leads to them.
    package var network: NetworkNamespace? { enclosure.withLock { $0 } }

    /// Sets ``network``.
    package func reach(through network: NetworkNamespace?) { enclosure.withLock { $0 = network } }

    /// The names of all registered nodes, sorted.
    package var names: [String] {
        connections.withLock { $0.keys.sorted() }
    }
}

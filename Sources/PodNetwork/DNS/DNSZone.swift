internal import LinuxKernel
internal import Synchronization

/// The names of the cluster: services, their endpoints and pods' addresses below `cluster.local`, and the reverse names of its ranges.
/// Source: Kubernetes DNS-Based Service Discovery, version 1.1.0.
package final class DNSZone: Sendable {
    struct State {
        /// By namespace, then by name.
        var services: [String: [String: DNSService]] = [:]
        var namespaces: Set<String> = []
        /// Names without the domain; several services may share an endpoint.
        var reverse: [IPv4Address: [String: Int]] = [:]
    }

    /// The domain of all its names.
    package static let domain = "cluster.local"
    /// In seconds: how long clients may believe an answer.
    static let timeToLive: UInt32 = 5
    /// How many names of one service lead on to another before it counts as a circle.
    static let aliasLimit = 8

    /// The server's own address.
    let server: IPv4Address
    /// What else in the world has no names for.
    let ranges: [IPv4Network]
    let apex = DNSName(wire: [7] + Array("cluster".utf8) + [5] + Array("local".utf8) + [0])
    private let state = Mutex(State())

    package init(ranges: ClusterRanges) {
        server = ranges.dnsAddress
        self.ranges = [ranges.podCIDR, ranges.serviceCIDR]
    }

    /// Sets what a service has, or removes it; the last word counts.
    package func set(_ service: DNSService?, namespace: String, name: String) {
        state.withLock { state in
            if let old = state.services[namespace]?[name] {
                for entry in old.reverseNames { state.forget(entry.address, entry.name) }
                state.services[namespace]?[name] = nil
                if state.services[namespace]?.isEmpty ?? false { state.services[namespace] = nil }
            }
            guard let service else { return }
            state.services[namespace, default: [:]][name] = service
            for entry in service.reverseNames { state.reverse[entry.address, default: [:]][entry.name, default: 0] += 1 }
        }
    }

    /// Says which namespaces there are: what is below another one does not exist.
    package func setNamespaces(_ names: Set<String>) { state.withLock { $0.namespaces = names } }

    func read<T>(_ body: (borrowing State) -> T) -> T { state.withLock { body($0) } }
}

extension DNSZone.State {
    fileprivate mutating func forget(_ address: IPv4Address, _ name: String) {
        guard let count = reverse[address]?[name] else { return }
        reverse[address]?[name] = count > 1 ? count - 1 : nil
        if reverse[address]?.isEmpty ?? false { reverse[address] = nil }
    }
}

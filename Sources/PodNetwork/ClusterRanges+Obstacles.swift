package import LinuxKernel

extension ClusterRanges {
    /// What a range must keep clear of.
    package struct Obstacle: Sendable, Hashable {
        /// Whose it is.
        package enum Holder: Sendable, Hashable {
            /// A route or an address of the host's.
            case interface(String)
            /// Another cluster of this machine, by its data directory.
            case cluster(directory: String)
            /// The same cluster's pods, for its services.
            case ownPods
        }

        package let network: IPv4Network
        package let holder: Holder

        package init(_ network: IPv4Network, _ holder: Holder) {
            self.network = network
            self.holder = holder
        }

        /// What is in the way, and how to get it out of there.
        var description: (holder: String, remedy: String?) {
            switch holder {
            case .interface(let name): ("\(network) on \(name)", "remove that route")
            case .cluster(let directory):
                ("\(network), which the cluster in \(directory) has now", "stop that one (kdash down --data-dir \(directory))")
            case .ownPods: ("the pod range \(network)", nil)
            }
        }
    }

    /// What of the host's a range must keep clear of: its routes but default ones and those of links whose name starts with `ownPrefix`, and its
    /// own addresses.
    package static func hostObstacles(_ host: NetlinkSocket, ownPrefix: String) throws(PodNetworkError) -> [Obstacle] {
        try explaining("read the host's routes") { () throws(SystemError) -> [Obstacle] in
            var names: [Int32: String] = [:]
            for link in try host.links() { names[link.index] = link.name }
            func isOurs(_ index: Int32) -> Bool { names[index]?.hasPrefix(ownPrefix) ?? false }
            // Broadcast entries lie inside a route that is listed anyway.
            var found = try host.routes().filter { $0.destination.prefixLength > 0 && $0.type != 3 && !isOurs($0.interface) }
                .map { Obstacle($0.destination, .interface(names[$0.interface] ?? "no interface")) }
            found += try host.addresses().filter { !isOurs($0.interface) }
                .map { Obstacle(IPv4Network($0.address, $0.prefixLength), .interface(names[$0.interface] ?? "")) }
            return found
        }
    }
}

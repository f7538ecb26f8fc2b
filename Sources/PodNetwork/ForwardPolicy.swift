package import LinuxKernel

/// A firewall of the host that drops what pods send to the outside.
package struct ForwardObstacle: Sendable, Hashable {
    /// What is in the way, for example `table ip filter, chain FORWARD drops by default`.
    package let description: String
    /// The command that lifts it.
    package let remedy: String

    /// Looks for a chain at the forward hook whose default is to drop (Docker makes one). nil when there is none.
    /// - Parameter netfilter: a netfilter socket in the host's namespace.
    package static func find(_ netfilter: NetlinkSocket, podCIDR: IPv4Network) throws(PodNetworkError) -> ForwardObstacle? {
        let chains = try explaining("read the host's firewall") { () throws(SystemError) in try netfilter.baseChains() }
        guard let chain = chains.first(where: { $0.hook == 2 && $0.type == "filter" && $0.dropsByDefault && $0.family != 10 })
        else { return nil }
        let family = chain.family == 1 ? "inet" : "ip"
        let isDocker = chain.family == 2 && chain.table == "filter" && chain.name == "FORWARD"
        let remedy =
            isDocker
            ? "iptables -I FORWARD -s \(podCIDR) -j ACCEPT; iptables -I FORWARD -d \(podCIDR) -j ACCEPT"
            : "nft insert rule \(family) \(chain.table) \(chain.name) ip saddr \(podCIDR) accept; nft insert rule \(family) \(chain.table) \(chain.name) ip daddr \(podCIDR) accept"
        return ForwardObstacle(
            description:
                "the host's firewall (table \(family) \(chain.table), chain \(chain.name)) drops forwarded packets, so pods cannot reach the outside",
            remedy: remedy)
    }
}

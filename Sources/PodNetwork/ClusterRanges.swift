package import LinuxKernel

/// The address ranges of a cluster, free of the host's own routes and of other clusters' ranges.
package struct ClusterRanges: Sendable, Hashable {
    /// Pods and nodes; every node has a /24 of it (or all of it when it is that small).
    package let podCIDR: IPv4Network
    /// Services.
    package let serviceCIDR: IPv4Network

    package init(podCIDR: IPv4Network, serviceCIDR: IPv4Network) {
        self.podCIDR = podCIDR
        self.serviceCIDR = serviceCIDR
    }

    /// The first service address: the API server, for pods.
    package var apiAddress: IPv4Address { IPv4Address(serviceCIDR.address.value + 1) }
    /// The tenth service address: cluster DNS, by convention.
    package var dnsAddress: IPv4Address { IPv4Address(serviceCIDR.address.value + 10) }

    /// The pods of one node; nil when the range holds fewer nodes.
    package func podCIDR(ofNode index: Int) -> IPv4Network? {
        guard podCIDR.prefixLength < 24 else { return index == 0 ? podCIDR : nil }
        guard index >= 0, let offset = UInt32(exactly: index), offset < 1 << UInt32(24 - podCIDR.prefixLength),
            let address = podCIDR.address(at: offset << 8)
        else { return nil }
        return IPv4Network(address, 24)
    }

    /// A node's own address: the first of its pod range.
    package func address(ofNode index: Int) -> IPv4Address? { podCIDR(ofNode: index)?.address(at: 1) }

    /// Where to look when the preferred 10.42.0.0/16 is taken.
    static let podCandidates = [
        "10.42.0.0/16", "10.52.0.0/16", "10.142.0.0/16", "10.242.0.0/16", "172.22.0.0/16", "172.29.0.0/16", "192.168.192.0/20",
        "100.68.0.0/16",
    ]
    /// Where to look when the preferred 10.96.0.0/12 is taken.
    static let serviceCandidates = ["10.96.0.0/12", "10.112.0.0/12", "10.176.0.0/12", "172.24.0.0/14", "192.168.224.0/20", "100.80.0.0/12"]

    /// Chooses ranges that overlap nothing that is taken.
    /// - Parameters:
    ///   - taken: the host's routes without default routes and without this cluster's own, and other clusters' ranges.
    ///   - stored: what this cluster uses already; kept, or `rangeTaken` names the clash, because pods hold those addresses.
    ///   - wantedPods, wantedServices: what the user asked for; taken or refused, never replaced.
    package static func choose(
        avoiding taken: [Obstacle], stored: ClusterRanges? = nil, wantedPods: IPv4Network? = nil, wantedServices: IPv4Network? = nil
    ) throws(PodNetworkError) -> ClusterRanges {
        let pods = try pick("pod", wanted: wantedPods ?? stored?.podCIDR, podCandidates, maximumPrefix: 28, avoiding: taken)
        let services = try pick(
            "service", wanted: wantedServices ?? stored?.serviceCIDR, serviceCandidates, maximumPrefix: 28,
            avoiding: taken + [Obstacle(pods, .ownPods)])
        return ClusterRanges(podCIDR: pods, serviceCIDR: services)
    }

    private static func pick(
        _ what: String, wanted: IPv4Network?, _ candidates: [String], maximumPrefix: Int, avoiding taken: [Obstacle]
    ) throws(PodNetworkError) -> IPv4Network {
        if let wanted {
            guard wanted.prefixLength <= maximumPrefix else {
                throw PodNetworkError(.rangeTaken, "the \(what) range \(wanted) (\(what)CIDR) is too small; give at least a /\(maximumPrefix)")
            }
            if let clash = taken.first(where: { $0.network.overlaps(wanted) })?.description {
                let remedy = clash.remedy.map { "\($0) or " } ?? ""
                throw PodNetworkError(
                    .rangeTaken,
                    "the \(what) range \(wanted) overlaps \(clash.holder); \(remedy)set another range as \(what)CIDR in config.yaml")
            }
            return wanted
        }
        for text in candidates {
            guard let candidate = IPv4Network(text), !taken.contains(where: { $0.network.overlaps(candidate) }) else { continue }
            return candidate
        }
        throw PodNetworkError(
            .noFreeRange, "no free \(what) range: every candidate overlaps a route or another cluster's range; set one as \(what)CIDR in config.yaml")
    }
}

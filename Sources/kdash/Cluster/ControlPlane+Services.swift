import KubeClient
import LinuxKernel
import Logging
import NodeAgent
import PodNetwork

extension ControlPlane {
    /// Runs service addresses and cluster DNS in the node until cancelled; ends at once for a node without a network.
    func runServices(_ node: LaunchedNode) async {
        guard let link = node.link else { return }
        let rules: ServiceRules
        do {
            rules = ServiceRules(netfilter: try NetlinkSocket.open(.netfilter, in: link.namespace), own: link.podCIDR)
        } catch {
            logger.error("services have no addresses in the node", metadata: ["error": "\(error)"])
            return
        }
        let zone = DNSZone(ranges: link.ranges)
        let routing = ServiceRouting(nodeName: node.identity.name, ranges: link.ranges)
        let hostPorts = HostPortRouting(nodeName: node.identity.name, address: link.nodeAddress)
        let network = ServiceNetwork(
            routing: routing, hostPorts: hostPorts, rules: rules, zone: zone, informers: informers, time: time, logger: logger)
        let server = DNSServer(
            DNSServer.Configuration(address: link.ranges.dnsAddress, namespace: link.namespace, zone: zone, log: dnsQueries, time: time))
        await withDiscardingTaskGroup { group in
            group.addTask { await network.run() }
            group.addTask { await self.keep(server) }
        }
    }

    /// Serves DNS, and tries again while something else has its place.
    private func keep(_ server: DNSServer) async {
        var backoff = Backoff(first: .seconds(1), maximum: .seconds(60))
        while !Task.isCancelled {
            do throws(PodNetworkError) {
                try await server.run()
                return
            } catch {
                logger.error("cluster DNS cannot be served; trying again", metadata: ["error": "\(error)"])
            }
            do {
                try await time.sleep(for: backoff.next())
            } catch {
                return
            }
        }
    }
}

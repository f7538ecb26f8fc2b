import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import NodeAgent
import PodNetwork
import Synchronization

extension ControlPlane {
    /// Makes the node's network enforce NetworkPolicies, which `run()` of what is returned does; nil for a node whose pods have no network.
    func enforcePolicies(on node: LaunchedNode) -> PolicyEnforcer? {
        guard let link = node.link, let network = node.network, let ranges = instance.ranges else { return nil }
        let netfilter: NetlinkSocket
        do throws(SystemError) {
            netfilter = try NetlinkSocket.open(.netfilter, in: link.namespace)
        } catch {
            logger.error("network policies are not enforced: the node's firewall cannot be reached", metadata: ["error": "\(error)"])
            return nil
        }
        do throws(SystemError) { try link.namespace.set("netfilter/nf_conntrack_acct", "1") } catch {
            logger.warning("the bytes of connections are not counted", metadata: ["error": "\(error)"])
        }
        let enforcer = PolicyEnforcer(
            table: PolicyTable(netfilter: netfilter), client: informers.client, informers: informers,
            // The host's end is where probes, forwards and the API's proxy come from.
            node: [link.nodeAddress, ranges.apiAddress], services: [Self.dnsServer(ranges)], time: time, logger: logger)
        network.enforce(enforcer)
        do throws(SystemError) {
            let place = NetworkEndpoints.Place(
                addresses: link.podCIDR, policies: enforcer, captures: try PacketCaptures(namespace: link.namespace, time: time))
            known.withLock { $0.networks[node.identity.name] = place }
        } catch {
            logger.error("nothing is told of the network", metadata: ["error": "\(error)"])
        }
        return enforcer
    }

    /// What is asked of the network of all nodes; nil when none has one.
    var networkEndpoints: NetworkEndpoints? {
        let places = known.withLock { $0.networks }.sorted { $0.key < $1.key }.map(\.value)
        guard !places.isEmpty else { return nil }
        return NetworkEndpoints(places: places, questions: dnsQueries, services: informers.informer(Service.resource))
    }

    /// The cluster's DNS server runs in the daemon; policies name it as the pod that it is elsewhere.
    private static func dnsServer(_ ranges: ClusterRanges) -> PolicyPod {
        PolicyPod(
            namespace: "kube-system", name: "kube-dns", labels: ["k8s-app": "kube-dns"], address: ranges.dnsAddress,
            ports: [.init(name: "dns", transport: .udp, number: 53), .init(name: "dns-tcp", transport: .tcp, number: 53)], isSelectable: false)
    }
}

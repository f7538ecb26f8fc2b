package import LinuxKernel

/// Cluster DNS: answers for the cluster's own names and asks the host's resolvers for all others.
///
/// One thread does everything, so that nothing in here is shared but the zone and the log. At rest it sleeps in one poll(2) without a
/// timeout. Everything is bounded: 64 connections (16 of one client), 512 questions to resolvers at once (128 of one client), a cache of 1,000
/// answers, 4 KiB for a question.
package final class DNSServer: Sendable {
    package struct Configuration: Sendable {
        /// Where it is asked, port 53 of UDP and TCP unless a test says otherwise.
        package let address: IPv4Address
        package let port: UInt16
        /// The network that its sockets are opened in; nil is this process's own. Resolvers are asked from this process's own always.
        package let namespace: NetworkNamespace?
        package let zone: DNSZone
        package let log: DNSQueryLog
        /// The file that names the host's resolvers.
        package let resolverFile: String
        package let resolverPort: UInt16
        package let time: any TimeSource

        package init(
            address: IPv4Address, port: UInt16 = 53, namespace: NetworkNamespace?, zone: DNSZone, log: DNSQueryLog,
            resolverFile: String = "/etc/resolv.conf", resolverPort: UInt16 = 53, time: any TimeSource = SystemTimeSource()
        ) {
            self.address = address
            self.port = port
            self.namespace = namespace
            self.zone = zone
            self.log = log
            self.resolverFile = resolverFile
            self.resolverPort = resolverPort
            self.time = time
        }
    }

    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// Serves until the task is cancelled. Throws when the address cannot be had, which another program on the node's port 53 keeps it from.
    package func run() async throws(PodNetworkError) {
        let wake = try explaining("serve DNS") { () throws(SystemError) in try EventFD() }
        let configuration = configuration
        let outcome: Result<Void, PodNetworkError> = await withTaskCancellationHandler {
            await KernelThread.run("kdash-dns") {
                do throws(PodNetworkError) {
                    try Self.serve(configuration, wake)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
        } onCancel: {
            wake.signal()
        }
        try outcome.get()
    }

    private static func serve(_ c: Configuration, _ wake: EventFD) throws(PodNetworkError) {
        let loop = try explaining("serve DNS at \(c.address):\(c.port)") { () throws(SystemError) in
            if let namespace = c.namespace {
                // The address may be there already: an earlier daemon's.
                try NetlinkSocket.open(.route, in: namespace).send([RouteRequest.addAddress(c.address, to: 1)])
            }
            let datagrams = try DNSSocket.bound(c.address, c.port, isStream: false, in: c.namespace)
            let listener = try DNSSocket.bound(c.address, c.port, isStream: true, in: c.namespace)
            return DNSLoop(c, datagrams: datagrams, listener: listener, wake: wake)
        }
        try explaining("serve DNS at \(c.address):\(c.port)") { () throws(SystemError) in try loop.run() }
    }
}

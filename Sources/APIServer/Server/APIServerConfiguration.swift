package import APIMachinery
package import LinuxKernel
package import Logging

/// What an API server is given.
package struct APIServerConfiguration: Sendable {
    /// One address to listen on; port 0 takes any free one.
    package struct Listen: Sendable, Hashable {
        /// A numeric address, for example `127.0.0.1`.
        package var address: String
        /// 0 ... 65535.
        package var port: Int

        package init(address: String, port: Int) {
            self.address = address
            self.port = port
        }
    }

    /// The directory of the certificates, normally `<data>/pki`.
    package var pkiDirectory: String
    /// Where to listen. Default 127.0.0.1 on any free port.
    package var listen: [Listen] = [Listen(address: "127.0.0.1", port: 0)]
    /// The address of `default/kubernetes`. Default 10.96.0.1.
    package var serviceAddress = "10.96.0.1"
    /// The port behind `default/kubernetes`, on the service address. Default 443.
    package var servicePort = 443
    /// The address of `kube-system/kube-dns`; nil, the default, when the cluster has no DNS.
    package var dnsAddress: String?
    /// Where other services get their addresses from. Default 10.96.0.0/12.
    package var serviceRange = AddressRange("10.96.0.0/12")!
    /// The 8-hex instance id of the cluster.
    package var clusterID: String
    /// The kinds to serve.
    package var schemas: SchemaRegistry
    /// The host's name, for the serving certificate.
    package var hostName = ""
    /// kdash's own version, shown after the Kubernetes version it speaks.
    package var programVersion = "0.1.0"
    /// The commit it was built from; may be empty.
    package var gitCommit = ""
    /// How often a quiet watch gets a bookmark. Default one minute.
    package var bookmarkInterval: Duration = .seconds(60)
    /// How long a list waits for a revision that is still to come. Default three seconds, as blockTimeout of apiserver's watch cache.
    package var revisionPatience: Duration = .seconds(3)
    /// Admission steps besides those of ``AdmissionTable``, which they follow.
    var admissionSteps: [any AdmissionStep] = []
    /// Whether pods get the volume with their service account's token; needs a node agent that mounts projected volumes. Default off.
    package var mountsServiceAccountTokens = false
    /// The file audit events are written to; nil, the default, writes none.
    package var auditLog: String?
    /// Threads that serve connections. Default 2.
    package var eventLoops = 2
    /// The clock.
    package var time: any TimeSource
    /// Where to log.
    package var logger: Logger

    package init(
        pkiDirectory: String, clusterID: String, schemas: SchemaRegistry, time: any TimeSource = SystemTimeSource(), logger: Logger
    ) {
        self.pkiDirectory = pkiDirectory
        self.clusterID = clusterID
        self.schemas = schemas
        self.time = time
        self.logger = logger
    }
}

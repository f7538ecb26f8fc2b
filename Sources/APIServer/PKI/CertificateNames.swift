/// What the serving certificate vouches for.
package struct CertificateNames: Sendable, Hashable {
    /// DNS names, for example `localhost`.
    package var dnsNames: [String]
    /// IPv4 and IPv6 addresses in text form.
    package var addresses: [String]

    /// Exactly these names and addresses.
    package init(dnsNames: [String], addresses: [String]) {
        self.dnsNames = dnsNames
        self.addresses = addresses
    }

    /// Everything a client of this machine's cluster may dial: loopback, the host's name, the in-cluster names and the service address.
    package static func standard(hostName: String, serviceAddress: String) -> CertificateNames {
        var names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
        if !hostName.isEmpty, !names.contains(hostName) { names.append(hostName) }
        return CertificateNames(dnsNames: names, addresses: ["127.0.0.1", "::1", serviceAddress])
    }
}

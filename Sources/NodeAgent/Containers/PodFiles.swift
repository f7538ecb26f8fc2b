import APIMachinery
import KubeSchemas
import LinuxKernel

/// The files that every container of a pod gets in /etc: hosts, hostname and resolv.conf.
struct PodFiles: Sendable {
    let pod: Pod
    let podIP: String
    /// The host's resolvers and search domains.
    let resolver: ResolverConfiguration
    /// Addresses of the cluster's own DNS; without one `ClusterFirst` falls back to the host's resolvers, as with the kubelet.
    var clusterDNS: [String] = []
    /// The node's /etc/hosts, for pods on its network; nil when it has none.
    var nodeHosts: String?

    /// Writes the three files into an open directory.
    func write(to directory: borrowing FileDescriptor) throws(SystemError) {
        try VolatileFile.write(hosts, to: "hosts", in: directory, mode: 0o644)
        try VolatileFile.write(pod.sandboxHostname + "\n", to: "hostname", in: directory, mode: 0o644)
        try VolatileFile.write(resolv, to: "resolv.conf", in: directory, mode: 0o644)
    }

    /// Source: the kubelet's managed hosts file.
    var hosts: String {
        var lines: [String]
        if pod.spec.hostNetwork {
            lines = ["# Kubernetes-managed hosts file (host network)."]
            lines.append(nodeHosts ?? "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback")
        } else {
            lines = [
                "# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::\tip6-localnet",
                "fe00::\tip6-mcastprefix", "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters",
            ]
            if !podIP.isEmpty {
                let full = pod.fullHostname
                lines.append(full == pod.hostname ? "\(podIP)\t\(full)" : "\(podIP)\t\(full)\t\(pod.hostname)")
            }
        }
        let aliases = pod.spec.hostAliases.filter { !$0.hostnames.isEmpty }
        if !aliases.isEmpty {
            lines += ["", "# Entries added by HostAliases."]
            lines += aliases.map { "\($0.ip)\t\($0.hostnames.joined(separator: "\t"))" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Source: the kubelet's dns package: what the policy gives, then what dnsConfig adds; at most 3 name servers, and 32 search domains of
    /// 2,048 bytes.
    var resolv: String {
        var base = resolver
        // Where the host's resolvers cannot be reached from pods, as those at 127.0.0.53, cluster DNS asks them for the pod.
        if base.nameservers.isEmpty { base.nameservers = clusterDNS }
        switch pod.spec.dnsPolicy {
        case "None": base = ResolverConfiguration()
        case "Default": break
        case "ClusterFirst" where pod.spec.hostNetwork: break
        default:
            guard !clusterDNS.isEmpty else { break }
            let own = ["\(pod.namespace ?? "default").svc.cluster.local", "svc.cluster.local", "cluster.local"]
            base.searches = own + resolver.searches.filter { !own.contains($0) }
            base.nameservers = clusterDNS
            base.options = ["ndots:5"]
        }
        let own = pod.spec.dnsConfig
        let nameservers = Self.unique(base.nameservers + (own?.nameservers ?? []), maximum: 3)
        let searches = Self.fitting(Self.unique(base.searches + (own?.searches ?? []), maximum: 32))
        var lines = nameservers.map { "nameserver \($0)" }
        if !searches.isEmpty { lines.append("search " + searches.joined(separator: " ")) }
        let options = Self.merged(base.options, own?.options ?? [])
        if !options.isEmpty { lines.append("options " + options.joined(separator: " ")) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func unique(_ values: [String], maximum: Int) -> [String] {
        var seen: Set<String> = []
        return Array(values.filter { seen.insert($0).inserted }.prefix(maximum))
    }

    /// As many search domains as fit into 2,048 bytes.
    private static func fitting(_ searches: [String]) -> [String] {
        var length = 0
        return searches.prefix { domain in
            length += domain.utf8.count + 1
            return length <= 2049
        }.map { $0 }
    }

    /// A later option replaces an earlier one of the same name.
    private static func merged(_ base: [String], _ own: [String]) -> [String] {
        func name(_ option: String) -> Substring { option.prefix { $0 != ":" } }
        let names = Set(own.map(name))
        return base.filter { !names.contains(name($0)) } + own
    }
}

/// What a resolv.conf says.
struct ResolverConfiguration: Sendable, Hashable {
    var nameservers: [String] = []
    var searches: [String] = []
    var options: [String] = []

    init() {}

    /// Reads the host's file, systemd-resolved's real one where the usual one only names its stub on 127.0.0.53.
    static func ofHost() -> ResolverConfiguration {
        for path in ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"] {
            guard let text = try? FileSystem.readText(path) else { continue }  // best effort: the other file follows
            let found = ResolverConfiguration(parsing: text)
            if !found.nameservers.isEmpty { return found }
        }
        return ResolverConfiguration()
    }

    /// Loopback resolvers are left out: a pod cannot reach them.
    init(parsing text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            switch words.first {
            case "nameserver": nameservers += words.dropFirst().prefix(1).filter { !$0.hasPrefix("127.") && $0 != "::1" }
            case "search": searches = words.dropFirst().filter { $0 != "." }
            case "options": options = Array(words.dropFirst())
            default: break
            }
        }
    }
}

extension Pod {
    /// The name the pod calls itself: spec.hostname, else its own name, at most 63 bytes and not ending in a separator.
    var hostname: String {
        if !spec.hostname.isEmpty { return spec.hostname }
        var short = name.prefix(63)
        while let last = short.last, last == "-" || last == "." { short.removeLast() }
        return String(short)
    }

    /// With the subdomain, as the cluster's DNS knows it; the plain name without one.
    var fullHostname: String {
        spec.subdomain.isEmpty ? hostname : "\(hostname).\(spec.subdomain).\(namespace ?? "default").svc.cluster.local"
    }

    /// What `hostname` says inside.
    var sandboxHostname: String { spec.setHostnameAsFQDN ? fullHostname : hostname }
}

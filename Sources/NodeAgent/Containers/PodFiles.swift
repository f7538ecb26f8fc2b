import APIMachinery
import KubeSchemas
import LinuxKernel

/// The files that every container of a pod gets in /etc: hosts, hostname and resolv.conf.
struct PodFiles: Sendable {
    let pod: Pod
    let podIP: String
    /// The host's resolvers and search domains, for pods to use until the cluster has a DNS of its own.
    let resolver: ResolverConfiguration

    /// Writes the three files into `directory`, which must exist.
    func write(to directory: String) throws(SystemError) {
        try VolatileFile.write(hosts, to: directory + "/hosts", mode: 0o644)
        try VolatileFile.write(pod.hostname + "\n", to: directory + "/hostname", mode: 0o644)
        try VolatileFile.write(resolv, to: directory + "/resolv.conf", mode: 0o644)
    }

    /// Source: the kubelet's managed hosts file.
    var hosts: String {
        var lines = ["# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]
        if !podIP.isEmpty, !pod.spec.hostNetwork {
            let subdomain = pod.spec.subdomain
            let names =
                subdomain.isEmpty
                ? pod.hostname : "\(pod.hostname).\(subdomain).\(pod.object.namespace ?? "default").svc.cluster.local\t\(pod.hostname)"
            lines.append("\(podIP)\t\(names)")
        }
        for alias in pod.spec.hostAliases where !alias.hostnames.isEmpty {
            lines.append("\(alias.ip)\t\(alias.hostnames.joined(separator: "\t"))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    var resolv: String {
        let own = pod.spec.dnsConfig
        let base = pod.spec.dnsPolicy == "None" ? ResolverConfiguration() : resolver
        var lines = (base.nameservers + (own?.nameservers ?? [])).map { "nameserver \($0)" }
        let searches = base.searches + (own?.searches ?? [])
        if !searches.isEmpty { lines.append("search " + searches.joined(separator: " ")) }
        let options = own?.options ?? []
        if !options.isEmpty { lines.append("options " + options.joined(separator: " ")) }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// What a resolv.conf says.
struct ResolverConfiguration: Sendable, Hashable {
    var nameservers: [String] = []
    var searches: [String] = []

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
            case "search": searches = Array(words.dropFirst())
            default: break
            }
        }
    }
}

extension Pod {
    /// The name the pod calls itself: spec.hostname, else its own name.
    var hostname: String { spec.hostname.isEmpty ? name : spec.hostname }
}

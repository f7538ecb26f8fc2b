internal import Glibc
package import LinuxKernel

/// A cluster's claim to its ranges of addresses: no other cluster of the machine takes what overlaps them.
///
/// It is the file `<id>.ranges` in the directory that all clusters share, locked while the daemon lives. The claim of a daemon that was killed holds as long as
/// a node of it has its link. To look at everybody's claims, to choose and to claim is one step, which one process of the machine takes at a time.
package final class RangeClaim: Sendable {
    /// Who claims, and where.
    package struct Claimant: Sendable {
        /// Eight hexadecimal digits.
        let clusterID: String
        /// The cluster's data directory, for others to name.
        let directory: String
        let shared: SharedDirectory
        /// The host's network; nil is this process's own. Tests give another.
        let host: NetworkNamespace?

        package init(clusterID: String, directory: String, shared: SharedDirectory, host: NetworkNamespace? = nil) {
            self.clusterID = clusterID
            self.directory = directory
            self.shared = shared
            self.host = host
        }

        fileprivate func path(_ clusterID: String) -> String { "\(shared.path)/\(clusterID)\(RangeClaim.suffix)" }
    }

    package let ranges: ClusterRanges
    private let claimant: Claimant
    private let lock: FileLock

    private static let suffix = ".ranges"
    /// How long a daemon that was killed may take to let go of its claim, after it has let go of its directory.
    private static let patience = 200
    private static let pause: useconds_t = 10_000

    private init(_ ranges: ClusterRanges, _ claimant: Claimant, _ lock: FileLock) {
        self.ranges = ranges
        self.claimant = claimant
        self.lock = lock
    }

    /// Chooses ranges as ``ClusterRanges/choose(avoiding:stored:wantedPods:wantedServices:)`` does, clear of the host's routes and of what other clusters
    /// claim, and claims them while the result lives. Blocking, for moments.
    package static func take(
        _ claimant: Claimant, stored: ClusterRanges? = nil, wantedPods: IPv4Network? = nil, wantedServices: IPv4Network? = nil
    ) throws(PodNetworkError) -> RangeClaim {
        do throws(PodNetworkError) {
            let purpose = "claim addresses for the cluster in \(claimant.directory)"
            let turn = try explaining(purpose) { () throws(SystemError) in try claimant.shared.lock() }
            defer { withExtendedLifetime(turn) {} }
            guard let lock = try explaining(purpose, { () throws(SystemError) in try own(claimant) }) else {
                throw PodNetworkError(
                    .rangeTaken,
                    "another daemon serves cluster \(claimant.clusterID): is \(claimant.directory) a copy of its directory? Use another --data-dir")
            }
            do throws(PodNetworkError) {
                let host = try explaining(purpose) { () throws(SystemError) in try NetlinkSocket.open(.route, in: claimant.host) }
                // A claim names the cluster, and so comes before the routes that it has.
                let taken = try explaining(purpose) { () throws(SystemError) in try others(claimant, host) }
                let routes = try ClusterRanges.hostObstacles(host, ownPrefix: NodeLink.interfacePrefix(claimant.clusterID))
                let ranges = try ClusterRanges.choose(
                    avoiding: taken + routes, stored: stored, wantedPods: wantedPods, wantedServices: wantedServices)
                try explaining(purpose) { () throws(SystemError) in
                    try lock.write("\(ranges.podCIDR)\n\(ranges.serviceCIDR)\n\(claimant.directory)")
                }
                return RangeClaim(ranges, claimant, lock)
            } catch {
                withdraw(claimant)
                throw error
            }
        } catch {
            tidy(claimant.shared)
            throw error
        }
    }

    /// The claim holds until the process ends, however it does.
    package func holdUntilExit() { lock.holdUntilExit() }

    /// Gives up a claim that nothing came of; a node that outlived its daemon keeps it.
    package func withdraw() {
        Self.withdraw(claimant)
        Self.tidy(claimant.shared)
    }

    /// Ends the claim of a cluster that has no links any more. Repeating it is harmless.
    static func remove(_ clusterID: String, from shared: SharedDirectory) throws(SystemError) {
        try FileSystem.removeFile("\(shared.path)/\(clusterID)\(suffix)")
    }

    private static func withdraw(_ claimant: Claimant) {
        do throws(SystemError) {
            guard try !hasLinks(claimant.clusterID, try .open(.route, in: claimant.host)) else { return }
            try FileSystem.removeFile(claimant.path(claimant.clusterID))
        } catch {
            // best effort: whoever comes next finds a claim of nobody, and removes it.
        }
    }

    private static func tidy(_ shared: SharedDirectory) {
        try? shared.removeIfUnused()  // best effort: the next cluster that leaves does the same.
    }

    /// The lock of the cluster's own claim; nil when another process keeps it.
    private static func own(_ claimant: Claimant) throws(SystemError) -> FileLock? {
        for _ in 0..<patience {
            if let lock = try FileLock.tryAcquire(claimant.path(claimant.clusterID)) { return lock }
            usleep(pause)
        }
        return nil
    }

    /// What others claim. Claims of nobody go.
    private static func others(_ claimant: Claimant, _ host: NetlinkSocket) throws(SystemError) -> [ClusterRanges.Obstacle] {
        var found: [ClusterRanges.Obstacle] = []
        for name in try FileSystem.names(in: claimant.shared.path) where name.hasSuffix(suffix) {
            let id = String(name.dropLast(suffix.utf8.count))
            guard id != claimant.clusterID else { continue }
            let path = claimant.path(id)
            let text = try FileLock.text(path)
            let unheld = try FileLock.tryAcquire(path)
            if unheld != nil, try !hasLinks(id, host) {
                try FileSystem.removeFile(path)
                continue
            }
            let parts = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            found += parts[..<2].compactMap { IPv4Network(String($0)) }.map { .init($0, .cluster(directory: String(parts[2]))) }
        }
        return found
    }

    private static func hasLinks(_ clusterID: String, _ host: NetlinkSocket) throws(SystemError) -> Bool {
        try host.links().contains { $0.name.hasPrefix(NodeLink.interfacePrefix(clusterID) + "n") }
    }
}

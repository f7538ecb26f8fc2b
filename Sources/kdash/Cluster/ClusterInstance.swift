import JSONCore
import LinuxKernel
import PodNetwork
import SimulatedNodes

/// A cluster's identity and what was chosen for it when it was made; the file `instance` in its directory.
struct ClusterInstance: Sendable, Hashable {
    /// Eight hexadecimal digits; part of the name of every cgroup, interface and table of the cluster.
    var id: String
    /// Where the API listens on 127.0.0.1, so that a restart keeps the address that clients know.
    var apiPort: Int
    /// Chosen free of the host's routes; nil until the cluster first had a network.
    var ranges: ClusterRanges?
    /// How many nodes the cluster has, so that a restart brings all of them back.
    var nodes = 1
    /// How many nodes are only pretended, until another number is wanted.
    var simulatedNodes = 0

    /// The layout of the directory. A higher number was written by a newer kdash.
    static let format: Int64 = 1

    /// Reads the file; nil when the directory is not a cluster's.
    static func load(_ directory: DataDirectory) throws(CommandError) -> ClusterInstance? {
        guard FileSystem.exists(directory.instance) else { return nil }
        do {
            let value = try JSON.parse(try FileSystem.readFile(directory.instance, limit: 1 << 16))
            let format = value["format"]?.integerValue ?? 0
            guard format <= Self.format else {
                throw CommandError(
                    "\(directory.path) was written by a newer kdash (format \(format), this one knows \(Self.format)); use that kdash, or another --data-dir")
            }
            guard let id = value["id"]?.stringValue, isID(id), let port = value["apiPort"]?.integerValue else {
                throw CommandError("\(directory.instance) is damaged: it has no valid id and apiPort; restore it or use another --data-dir")
            }
            var ranges: ClusterRanges?
            if let pods = value["podCIDR"]?.stringValue.flatMap({ IPv4Network($0) }),
                let services = value["serviceCIDR"]?.stringValue.flatMap({ IPv4Network($0) })
            {
                ranges = ClusterRanges(podCIDR: pods, serviceCIDR: services)
            }
            let nodes = Int(clamping: value["nodes"]?.integerValue ?? 1)
            guard ClusterSize.range.contains(nodes) else {
                throw CommandError("\(directory.instance) is damaged: a cluster of \(nodes) nodes cannot be; restore it or use another --data-dir")
            }
            let simulated = value["simulatedNodes"]?.integerValue.map { Int(clamping: $0) } ?? 0
            return ClusterInstance(
                id: id, apiPort: Int(clamping: port), ranges: ranges, nodes: nodes, simulatedNodes: min(max(simulated, 0), SimulatedNode.limit))
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError("cannot read \(directory.instance): \(error)")
        }
    }

    /// A new identity.
    static func make(apiPort: Int) -> ClusterInstance {
        ClusterInstance(id: SecureRandom.hex(8), apiPort: apiPort, ranges: nil)
    }

    func save(_ directory: DataDirectory) throws(SystemError) {
        var value: JSONObject = [
            "format": .integer(Self.format), "id": .string(id), "apiPort": .integer(Int64(apiPort)),
        ]
        if nodes != 1 { value["nodes"] = .integer(Int64(nodes)) }
        if let ranges {
            value["podCIDR"] = .string(ranges.podCIDR.description)
            value["serviceCIDR"] = .string(ranges.serviceCIDR.description)
        }
        if simulatedNodes > 0 { value["simulatedNodes"] = .integer(Int64(simulatedNodes)) }
        try FileSystem.writeAtomically(directory.instance, JSON.encode(.object(value), pretty: true), mode: 0o644)
    }

    private static func isID(_ text: String) -> Bool {
        text.utf8.count == 8 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

import ContainerRuntime
import Glibc
import JSONCore
import LinuxKernel
import Logging
import Synchronization

/// Which of the machine's ids each pod of the node has as its own. Each is written down beside the pod's files and given away as long as they
/// are there, so that a daemon that starts knows what the one before gave. Source: the kubelet's userns manager and its file `userns`.
final class PodUsers: Sendable {
    private let paths: NodePaths
    private let block: UserBlock
    /// Ids that the machine has promised to others.
    private let others: [ClosedRange<UInt32>]
    private let given = Mutex<[String: HostIDRange]>([:])

    static let fileName = "userns"

    /// Reads what is written down.
    init(paths: NodePaths, block: UserBlock, others: [ClosedRange<UInt32>] = MachineUsers.promised(), logger: Logger) {
        self.paths = paths
        self.block = block
        self.others = others
        let uids = (try? FileSystem.names(in: "\(paths.own)/pods")) ?? []  // best effort: a node that has just been made has none
        for uid in uids {
            do throws(SystemError) {
                guard let text = try Self.read(uid, paths) else { continue }
                if let range = PodUsersRecord.parse(text) {
                    given.withLock { $0[uid] = range }
                } else {
                    logger.warning("the users of a pod are not readable; it gets others", metadata: ["pod": "\(uid)"])
                }
            } catch {
                logger.warning("could not read the users of a pod", metadata: ["pod": "\(uid)", "error": "\(error)"])
            }
        }
    }

    /// A range for a pod, or the one it has. It is on disk before the pod uses it.
    func reserve(for uid: String) throws(ConfigurationError) -> HostIDRange {
        let (found, isNew): (HostIDRange?, Bool) = given.withLock { given in
            if let known = given[uid] { return (known, false) }
            given[uid] = block.free(beside: Set(given.values.map { $0.first / HostIDRange.length }), avoiding: others)
            return (given[uid], true)
        }
        guard let found else {
            throw ConfigurationError(
                "all \(block.numbers.count) ranges of users of the node are in use; delete pods with `hostUsers: false`", reason: "CreatePodSandboxError")
        }
        guard isNew else { return found }
        do throws(SystemError) {
            let folder = try SafeDirectory.make(paths.relative(paths.pod(uid)), below: paths.data, mode: 0o755)
            // Whole or not at all: a range that cannot be read would be given to another.
            try VolatileFile.write(PodUsersRecord.text(found), to: Self.fileName + ".new", in: folder, mode: 0o600)
            _ = try SystemError.check("renameat", Self.fileName) { renameat(folder.raw, Self.fileName + ".new", folder.raw, Self.fileName) }
        } catch {
            release(uid)
            throw ConfigurationError("cannot write down the pod's users: \(error)", reason: "CreatePodSandboxError")
        }
        return found
    }

    /// The pod's files are gone, and with them every trace of its users.
    func release(_ uid: String) { given.withLock { _ = $0.removeValue(forKey: uid) } }

    /// The pod has ended, and nothing of it runs: on the disk its files have the numbers seen inside, so others may have its users.
    func giveBack(_ uid: String) {
        do throws(SystemError) {
            let folder = try SafeDirectory.open(paths.relative(paths.pod(uid)), below: paths.data)
            _ = unlinkat(folder.raw, Self.fileName, 0)  // Without such a file it had the node's users.
        } catch {
            guard error.errno == ENOENT else { return }  // It stays the pod's until that is deleted.
        }
        release(uid)
    }

    /// Nil for a pod without such a file.
    private static func read(_ uid: String, _ paths: NodePaths) throws(SystemError) -> String? {
        do throws(SystemError) {
            let folder = try SafeDirectory.open(paths.relative(paths.pod(uid)), below: paths.data)
            let file = try FileDescriptor.openRegular(fileName, O_RDONLY, at: folder.raw)
            return String(decoding: try FileSystem.readAll(file, limit: 65536, named: fileName), as: UTF8.self)
        } catch  where error.errno == ENOENT || error.errno == ENOTDIR {
            return nil
        }
    }
}

/// What is written down of a pod's users, in the kubelet's format.
enum PodUsersRecord {
    static func text(_ range: HostIDRange) -> String {
        let map: JSONValue = [["hostId": .integer(Int64(range.first)), "containerId": 0, "length": .integer(Int64(range.count))]]
        let record: JSONValue = ["uidMappings": map, "gidMappings": map]
        return "\(record)\n"
    }

    /// Nil unless it says exactly one range that a node may give, the same for users and groups.
    static func parse(_ text: String) -> HostIDRange? {
        // best effort: what is no JSON is no record.
        guard let record = try? JSON.parse(text), record["uidMappings"] == record["gidMappings"],
            let maps = record["uidMappings"]?.arrayValue, maps.count == 1, maps[0]["containerId"]?.integerValue == 0,
            let first = maps[0]["hostId"]?.integerValue.flatMap({ UInt32(exactly: $0) }), first >= HostIDRange.length, first % HostIDRange.length == 0,
            maps[0]["length"]?.integerValue == Int64(HostIDRange.length), first <= UInt32.max - HostIDRange.length
        else { return nil }
        return HostIDRange(first: first)
    }
}

/// The ids of the machine that are somebody's.
enum MachineUsers {
    /// What /etc/subuid and /etc/subgid give to users for namespaces of their own, and the users and groups of the machine.
    static func promised(in folder: String = "/etc") -> [ClosedRange<UInt32>] {
        let delegated = ["subuid", "subgid"].flatMap { fields("\(folder)/\($0)") }.compactMap { range($0, first: 1, count: 2) }
        let named = ["passwd", "group"].flatMap { fields("\(folder)/\($0)") }.compactMap { range($0, first: 2, count: nil) }
        return delegated + named.filter { $0.lowerBound >= HostIDRange.length }
    }

    private static func fields(_ path: String) -> [[Substring]] {
        let text = (try? FileSystem.readText(path, limit: 16 << 20)) ?? ""  // best effort: a machine without the file promises nothing there
        return text.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
    }

    private static func range(_ fields: [Substring], first: Int, count: Int?) -> ClosedRange<UInt32>? {
        guard fields.count > max(first, count ?? 0), let start = UInt32(fields[first]) else { return nil }
        let length = count.flatMap { UInt32(fields[$0]) } ?? (count == nil ? 1 : 0)
        guard length > 0 else { return nil }
        let (end, isTooLarge) = start.addingReportingOverflow(length - 1)
        return start...(isTooLarge ? UInt32.max : end)
    }
}

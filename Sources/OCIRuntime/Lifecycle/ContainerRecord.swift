internal import JSONCore

/// What the runtime remembers of a container, as `state.json` in its directory.
struct ContainerRecord: Sendable {
    var id: String
    var pid: Int32
    /// Field 22 of /proc/PID/stat, without which a number may be another process's by now.
    var startTicks: UInt64
    var bundle: String
    var rootfs: String
    var created: String
    var owner: String
    /// nil: it has none of its own.
    var cgroup: String?
    var version: String
    var annotations: [(key: String, value: String)]
    /// Whether it has a pid namespace, with whose first process all others end.
    var hasOwnProcesses = false
    /// Whether its root covers itself on the machine, where everything else of it is mounted.
    var coversRoot = false

    var json: JSONValue {
        var object: JSONObject = [
            "ociVersion": .string(version), "id": .string(id), "pid": .integer(Int64(pid)), "startTicks": .string("\(startTicks)"), "bundle": .string(bundle),
            "rootfs": .string(rootfs), "created": .string(created), "owner": .string(owner), "annotations": Self.object(annotations),
        ]
        if let cgroup { object["cgroup"] = .string(cgroup) }
        if hasOwnProcesses { object["hasOwnProcesses"] = true }
        if coversRoot { object["coversRoot"] = true }
        return .object(object)
    }

    static func object(_ pairs: [(key: String, value: String)]) -> JSONValue {
        .object(JSONObject(pairs.map { ($0.key, JSONValue.string($0.value)) }))
    }

    init(
        id: String, pid: Int32, startTicks: UInt64, bundle: String, rootfs: String, created: String, owner: String, cgroup: String?, version: String,
        annotations: [(key: String, value: String)]
    ) {
        (self.id, self.pid, self.startTicks, self.bundle, self.rootfs, self.created) = (id, pid, startTicks, bundle, rootfs, created)
        (self.owner, self.cgroup, self.version, self.annotations) = (owner, cgroup, version, annotations)
    }

    /// nil when the document is not one of ours.
    init?(_ json: JSONValue) {
        guard let id = json["id"]?.stringValue, let pid = json["pid"]?.integerValue.flatMap({ Int32(exactly: $0) }),
            let ticks = json["startTicks"]?.stringValue.flatMap({ UInt64($0) }), let bundle = json["bundle"]?.stringValue
        else { return nil }
        let annotations = json["annotations"]?.objectValue?.compactMap { member in member.value.stringValue.map { (key: member.key, value: $0) } } ?? []
        self.init(
            id: id, pid: pid, startTicks: ticks, bundle: bundle, rootfs: json["rootfs"]?.stringValue ?? "", created: json["created"]?.stringValue ?? "",
            owner: json["owner"]?.stringValue ?? "", cgroup: json["cgroup"]?.stringValue, version: json["ociVersion"]?.stringValue ?? OCIVersion.newest,
            annotations: annotations)
        hasOwnProcesses = json["hasOwnProcesses"]?.boolValue ?? false
        coversRoot = json["coversRoot"]?.boolValue ?? false
    }

    /// The state as runtime.md has it, for `state` and for hooks.
    func state(_ status: ContainerStatus, for hook: Bool = false) -> JSONValue {
        var object: JSONObject = [
            "ociVersion": .string(OCIVersion.newest), "id": .string(id), "pid": .integer(status == .stopped ? 0 : Int64(pid)),
            "status": .string(status.rawValue), "bundle": .string(bundle),
        ]
        if !hook {
            object["rootfs"] = .string(rootfs)
            object["created"] = .string(created)
            object["owner"] = .string(owner)
        }
        if !annotations.isEmpty || !hook { object["annotations"] = Self.object(annotations) }
        return .object(object)
    }
}

/// Where a container is in its life.
enum ContainerStatus: String, Sendable { case creating, created, running, paused, stopped }

/// Versions of the specification.
package enum OCIVersion {
    package static let newest = "1.2.0"
    package static let oldest = "1.0.0"
}

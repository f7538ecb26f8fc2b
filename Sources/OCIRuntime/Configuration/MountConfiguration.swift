internal import CLinux
internal import Glibc

/// One of `mounts`.
struct MountConfiguration: Sendable {
    /// One line of an id map: where it starts in the container and on the machine, and how many.
    struct IDRange: Sendable, Hashable {
        let container: UInt32
        let host: UInt32
        let size: UInt32

        var line: String { "\(container) \(host) \(size)\n" }
    }

    let destination: String
    var type = ""
    var source = ""
    /// KD_OCI_… bits of a mount.
    var flags: UInt64 = 0
    /// Attributes as mount_setattr(2) has them, of the mount itself and of all that is mounted below.
    var set: UInt64 = 0
    var clear: UInt64 = 0
    var setBelow: UInt64 = 0
    var clearBelow: UInt64 = 0
    /// MS_SHARED and so on, with MS_REC; 0: as the container's others.
    var propagation: UInt64 = 0
    /// What is the file system's own: `size=1m`.
    var data: [String] = []
    var uidMap: [IDRange] = []
    var gidMap: [IDRange] = []

    var isBind: Bool { flags & UInt64(KD_OCI_BIND) != 0 }

    init(destination: String) { self.destination = destination }

    init(_ field: SpecField) throws(OCIError) {
        let destination = try field.member("destination").requiredText()
        // Relative ones were allowed once, and mean the root.
        self.destination = destination.hasPrefix("/") ? destination : "/" + destination
        type = try field.member("type").text() ?? ""
        source = try field.member("source").text() ?? ""
        for option in try field.member("options").texts() { apply(option) }
        if type == "bind" || type == "rbind" { flags |= UInt64(KD_OCI_BIND) }
        if type == "rbind" { flags |= UInt64(KD_OCI_BIND_BELOW) }
        if type == "cgroup" || type == "cgroup2" { flags |= UInt64(KD_OCI_CGROUPS) }
        uidMap = try Self.ranges(field.member("uidMappings"))
        gidMap = try Self.ranges(field.member("gidMappings"))
        guard uidMap.isEmpty == gidMap.isEmpty else { throw field.fault("has only one of uidMappings and gidMappings") }
        if !uidMap.isEmpty { flags |= UInt64(KD_OCI_ID_MAPPED) }
        if isBind {
            guard !source.isEmpty else { throw try field.member("source").fault("is required for a bind mount") }
        } else if type.isEmpty {
            throw try field.member("type").fault("is required unless the options have bind or rbind")
        }
    }

    static func ranges(_ field: SpecField) throws(OCIError) -> [IDRange] {
        var ranges: [IDRange] = []
        for entry in try field.elements() {
            guard let container = try entry.member("containerID").id(), let host = try entry.member("hostID").id(),
                let size = try entry.member("size").integer(1...0xffff_ffff)
            else { throw entry.fault("needs containerID, hostID and a size above 0") }
            ranges.append(IDRange(container: container, host: host, size: UInt32(size)))
        }
        guard ranges.count <= 340 else { throw field.fault("has \(ranges.count) lines; the kernel takes 340") }
        return ranges
    }

    private static let readOnly: UInt64 = 0x1, noSuid: UInt64 = 0x2, noDevices: UInt64 = 0x4, noExecution: UInt64 = 0x8
    private static let noAccessTimes: UInt64 = 0x10, strictAccessTimes: UInt64 = 0x20, noDirectoryTimes: UInt64 = 0x80, noSymlinks: UInt64 = 0x20_0000

    /// Options that set an attribute (true) or clear it.
    static let attributes: [String: (bit: UInt64, isSet: Bool)] = [
        "ro": (readOnly, true), "rw": (readOnly, false), "nosuid": (noSuid, true), "suid": (noSuid, false), "nodev": (noDevices, true),
        "dev": (noDevices, false), "noexec": (noExecution, true), "exec": (noExecution, false), "noatime": (noAccessTimes, true),
        "atime": (noAccessTimes, false), "strictatime": (strictAccessTimes, true), "nostrictatime": (strictAccessTimes, false),
        "nodiratime": (noDirectoryTimes, true), "diratime": (noDirectoryTimes, false), "nosymfollow": (noSymlinks, true),
        "symfollow": (noSymlinks, false), "relatime": (0, true), "norelatime": (0, false),
    ]

    /// Options about how mounts reach other copies.
    static let propagations: [String: UInt64] = [
        "private": UInt64(MS_PRIVATE), "shared": UInt64(MS_SHARED), "slave": UInt64(MS_SLAVE), "unbindable": UInt64(MS_UNBINDABLE),
        "rprivate": UInt64(MS_PRIVATE | MS_REC), "rshared": UInt64(MS_SHARED | MS_REC), "rslave": UInt64(MS_SLAVE | MS_REC),
        "runbindable": UInt64(MS_UNBINDABLE | MS_REC),
    ]

    /// The other options that are not the file system's.
    static let others: [String: UInt64] = [
        "bind": UInt64(KD_OCI_BIND), "rbind": UInt64(KD_OCI_BIND | KD_OCI_BIND_BELOW),
        "tmpcopyup": UInt64(KD_OCI_COPY_UP), "copy-symlink": UInt64(KD_OCI_NO_FOLLOW), "src-nofollow": UInt64(KD_OCI_NO_FOLLOW),
        "dest-nofollow": UInt64(KD_OCI_NO_FOLLOW_TARGET),
        "idmap": UInt64(KD_OCI_ID_MAPPED), "ridmap": UInt64(KD_OCI_ID_MAPPED | KD_OCI_ID_MAPPED_BELOW),
    ]

    private mutating func apply(_ option: String) {
        if let (bit, isSet) = Self.attributes[option] {
            set = isSet ? set | bit : set & ~bit
            clear = isSet ? clear & ~bit : clear | bit
        } else if option.hasPrefix("r"), let (bit, isSet) = Self.attributes[String(option.dropFirst())], bit != 0 {
            setBelow = isSet ? setBelow | bit : setBelow & ~bit
            clearBelow = isSet ? clearBelow & ~bit : clearBelow | bit
        } else if let bits = Self.propagations[option] {
            propagation = bits
        } else if let bits = Self.others[option] {
            flags |= bits
        } else if !["defaults", "async", "nomand", "norelatime", "loud", "silent", "nolazytime", "notmpcopyup"].contains(option), !option.isEmpty {
            // sync, dirsync, mand and lazytime are words that every file system takes.
            data.append(option)
        }
    }
}

internal import CLinux
internal import ContainerRuntime
internal import Glibc
internal import LinuxKernel

/// A container's cgroups: one directory for v2, or one in each hierarchy of v1.
struct ContainerCgroup: Sendable {
    struct Hierarchy: Sendable, Hashable {
        /// As mount(8) takes them: `cpu,cpuacct`, `name=systemd`; empty for v2.
        let options: String
        let mount: String
        let directory: String

        var controllers: [String] { options.split(separator: ",").map(String.init) }
    }

    /// The path below each hierarchy's root.
    let path: String
    let isVersion2: Bool
    let hierarchies: [Hierarchy]

    init(path: String, layout: CgroupLayout) {
        self.path = path
        isVersion2 = layout.mode == .v2
        if let unified = layout.unified, isVersion2 {
            hierarchies = [Hierarchy(options: "", mount: unified, directory: unified + path)]
        } else {
            var mounts: [String: [String]] = [:]
            for (controller, mount) in layout.controllers where !Self.mountOptions.contains(controller) { mounts[mount, default: []].append(controller) }
            hierarchies = mounts.map { mount, controllers in
                Hierarchy(options: controllers.sorted().joined(separator: ","), mount: mount, directory: mount + path)
            }.sorted { $0.options < $1.options }
        }
    }

    /// Options of a v1 mount that are no controllers.
    private static let mountOptions: Set = ["xattr", "clone_children", "noprefix", "cpuset_v2_mode", "nosuid", "nodev", "noexec", "relatime"]

    /// Makes the directories; harmless where they exist.
    func make() throws(OCIError) {
        for hierarchy in hierarchies { try make(hierarchy) }
    }

    private func make(_ hierarchy: Hierarchy) throws(OCIError) {
        var directory = hierarchy.mount
        for name in path.split(separator: "/") {
            if isVersion2 { enableControllers(directory) }
            directory += "/\(name)"
            try OCIError.attempt("make the cgroup \(directory)") { () throws(SystemError) in
                try CgroupDirectory.make(directory, isCpuset: hierarchy.controllers.contains("cpuset"))
            }
        }
    }

    private func enableControllers(_ directory: String) {
        let there = CgroupDirectory.read("\(directory)/cgroup.controllers").split(separator: " ")
        let enabled = CgroupDirectory.read("\(directory)/cgroup.subtree_control").split(separator: " ")
        for controller in there where !enabled.contains(controller) {
            // best effort, one by one: a limit whose file is missing then fails with that file's name.
            do throws(SystemError) { try FileSystem.write("+\(controller)", to: "\(directory)/cgroup.subtree_control") } catch { continue }
        }
    }

    /// Writes the limits. `enforcesDevices`: also which devices may be used.
    func apply(_ resources: ResourceConfiguration, enforcesDevices: Bool) throws(OCIError) {
        var resources = resources
        if enforcesDevices { resources.devices = DeviceProgram.complete(resources.devices) } else { resources.devices = [] }
        guard !isVersion2 else {
            for file in try resources.version2() { try write(file, to: hierarchies[0].directory) }
            guard enforcesDevices else { return }
            let program = DeviceProgram.compile(resources.devices)
            try OCIError.attempt("guard the devices of \(path)") { () throws(SystemError) in
                try SystemError.check("bpf", hierarchies[0].directory) { kd_oci_devices(hierarchies[0].directory, program, program.count) }
            }
            return
        }
        guard resources.unified.isEmpty else {
            throw OCIError(.invalidConfiguration, "config.json: linux.resources.unified is for cgroup v2, and this machine's controllers are v1's")
        }
        let known = Set(hierarchies.flatMap(\.controllers))
        for controller in ["memory", "cpu", "cpuset", "pids", "blkio", "hugetlb", "net_cls", "net_prio", "devices", "rdma"] {
            let files = resources.version1(controller)
            guard let hierarchy = hierarchies.first(where: { $0.controllers.contains(controller) }) else {
                guard files.allSatisfy(\.isOptional) || controller == "devices" else {
                    throw OCIError(
                        .invalidConfiguration,
                        "this machine has no cgroup controller `\(controller)` (it has \(known.sorted().joined(separator: ", "))), which \(files[0].name) needs"
                    )
                }
                continue
            }
            try apply(files, to: hierarchy.directory)
        }
    }

    private func apply(_ files: [CgroupFile], to directory: String) throws(OCIError) {
        var postponed: [CgroupFile] = []
        for file in files {
            do throws(OCIError) { try write(file, to: directory) } catch {
                // Limits that depend on each other are written in the order that the kernel takes: memory and swap, quota and period.
                guard file.name == "memory.limit_in_bytes" || file.name == "cpu.cfs_period_us", error.cause?.errno == EINVAL || error.cause?.errno == EBUSY
                else { throw error }
                postponed.append(file)
            }
        }
        for file in postponed { try write(file, to: directory) }
    }

    private func write(_ file: CgroupFile, to directory: String) throws(OCIError) {
        do throws(SystemError) { try FileSystem.write(file.value, to: "\(directory)/\(file.name)") } catch {
            if file.isOptional, [ENOENT, EOPNOTSUPP, EACCES, EPERM].contains(error.errno) { return }
            throw OCIError(.system, "cannot set \(file.name) of the cgroup \(path) to \(file.value)", cause: error)
        }
    }

    /// Lets a process enter everywhere.
    func enter(_ pid: Int32) throws(OCIError) {
        for hierarchy in hierarchies { try write(CgroupFile(name: "cgroup.procs", value: "\(pid)"), to: hierarchy.directory) }
    }
}

internal import Glibc
package import LinuxKernel

/// The cgroups of one node, `kdash-<id>/<node>/…` in every hierarchy of the machine: the supervisor's leaf, and
/// Kubernetes' tree of kubepods, class of service, pod and container. Calls block for microseconds.
package final class CgroupTree: Sendable {
    /// The interface that carries cpu and memory limits.
    package let version: CgroupVersion
    /// What the kernel enforces of the limits given here.
    package let enforcement: CgroupEnforcement
    let hierarchies: [CgroupHierarchy]
    private let clusterDirectories: [String]

    /// Looks at the mounts of this process. The tree is made below the root by root, and by an ordinary user below the cgroup that is delegated to
    /// that user, as far as there is one; with `supervisor` where that one lives already. Throws `notPermitted` when no hierarchy can be written.
    package init(clusterID: String, node: String, supervisor: Int32? = nil) throws(RuntimeError) {
        let name = "/kdash-\(clusterID)/\(node)"
        let found: (CgroupVersion, [CgroupHierarchy])
        let parent: String?
        do throws(SystemError) {
            let layout = try CgroupLayout.detect()
            let own = try FileSystem.readText("/proc/self/cgroup")
            if geteuid() == 0 || layout.mode != .v2 {
                parent = ""
            } else if let supervisor {
                parent = DelegatedCgroup.parent(of: try FileSystem.readText("/proc/\(supervisor)/cgroup"), leaf: name + "/supervisor")
            } else {
                parent = layout.unified.flatMap { DelegatedCgroup.find(own: own, root: $0) } ?? ""
            }
            found = CgroupHierarchy.all(layout, own: own, path: (parent ?? "") + name)
        } catch { throw RuntimeError(.system, "cannot find the machine's cgroups", cause: error) }
        guard parent != nil else {
            throw RuntimeError(.notPermitted, "the node was started without cgroups, and gets some by `kdash down` and `kdash up`")
        }
        (version, hierarchies) = found
        guard !hierarchies.isEmpty else {
            throw RuntimeError(.notPermitted, "no cgroup file system is mounted; mount one with: mount -t cgroup2 cgroup2 /sys/fs/cgroup")
        }
        clusterDirectories = hierarchies.map { FileSystem.directory(of: $0.base) }
        enforcement = CgroupEnforcement.judge(version: found.0, hierarchies: found.1)
    }

    /// Makes the node's own cgroup and the supervisor's leaf, before the supervisor starts.
    func makeNode() throws(RuntimeError) {
        try attempt("make the node's cgroup") { () throws(SystemError) in
            for hierarchy in hierarchies {
                try makeBase(hierarchy)
                hierarchy.denyDevices(at: hierarchy.base)
                try hierarchy.make(at: "\(hierarchy.base)/supervisor")
            }
        }
    }

    /// Tries again when the cluster's last other node ends at that moment and takes the cluster's directory with it.
    private func makeBase(_ hierarchy: CgroupHierarchy) throws(SystemError) {
        for attempt in 0..<10 {
            do throws(SystemError) {
                try hierarchy.make(at: FileSystem.directory(of: hierarchy.base))
                return try hierarchy.make(at: hierarchy.base)
            } catch  where error.errno == ENOENT && attempt < 9 {}
        }
    }

    /// Makes the kubepods tiers, after the supervisor started; `capacity` bounds all pods together. Safe to repeat.
    package func prepare(capacity: ResourceLimits) throws(RuntimeError) {
        try make(CgroupPlacement(path: "kubepods"), capacity, enablesChildren: true)
        try make(CgroupPlacement(path: "kubepods/burstable"), ResourceLimits(), enablesChildren: true)
        try make(CgroupPlacement(path: "kubepods/besteffort"), ResourceLimits(), enablesChildren: true)
    }

    /// Sets the weight of the burstable tier to the sum of its pods' requests.
    package func setBurstableRequest(_ sum: MilliCPU) throws(RuntimeError) {
        try apply(ResourceLimits(cpuRequest: sum), to: CgroupPlacement(path: "kubepods/burstable"), isContainer: false)
    }

    /// Where a pod lives.
    package func placement(pod uid: String, qos: QualityOfService) -> CgroupPlacement {
        switch qos {
        case .guaranteed: CgroupPlacement(path: "kubepods/pod\(uid)")
        case .burstable: CgroupPlacement(path: "kubepods/burstable/pod\(uid)")
        case .bestEffort: CgroupPlacement(path: "kubepods/besteffort/pod\(uid)")
        }
    }

    /// Where a container lives.
    package func placement(container id: String, in pod: CgroupPlacement) -> CgroupPlacement { CgroupPlacement(path: "\(pod.path)/\(id)") }

    /// Makes a pod's cgroup with the pod's limits; harmless when it exists.
    package func createPod(uid: String, qos: QualityOfService, limits: ResourceLimits) throws(RuntimeError) -> CgroupPlacement {
        let placement = placement(pod: try ContainerPlan.validated(id: uid), qos: qos)
        try make(placement, limits, enablesChildren: true)
        return placement
    }

    /// Makes a container's cgroup in its pod's.
    package func createContainer(_ id: String, in pod: CgroupPlacement, limits: ResourceLimits) throws(RuntimeError) -> CgroupPlacement {
        let placement = placement(container: try ContainerPlan.validated(id: id), in: pod)
        try make(placement, limits, enablesChildren: false)
        return placement
    }

    /// Changes the limits of something that exists.
    package func apply(_ limits: ResourceLimits, to placement: CgroupPlacement, isContainer: Bool) throws(RuntimeError) {
        for hierarchy in hierarchies {
            try attempt("set the limits of \(placement.path)") { () throws(SystemError) in
                try hierarchy.apply(limits, at: "\(hierarchy.base)/\(placement.path)", isContainer: isContainer)
            }
        }
    }

    private func make(_ placement: CgroupPlacement, _ limits: ResourceLimits, enablesChildren: Bool) throws(RuntimeError) {
        for hierarchy in hierarchies {
            try attempt("make the cgroup \(placement.path)") { () throws(SystemError) in
                let path = "\(hierarchy.base)/\(placement.path)"
                hierarchy.enableControllers(at: FileSystem.directory(of: path))
                try hierarchy.make(at: path)
                try hierarchy.apply(limits, at: path, isContainer: !enablesChildren)
                if enablesChildren { hierarchy.enableControllers(at: path) }
            }
        }
    }

    /// A sample; nil when the cgroup does not exist.
    package func usage(of placement: CgroupPlacement) -> CgroupUsage? {
        CgroupUsage.read(version: version, hierarchies: hierarchies, path: placement.path)
    }

    /// Some process that is in it now, in this process's own numbering; nil when there is none.
    package func process(in placement: CgroupPlacement) -> Int32? {
        hierarchies.first.flatMap { hierarchy in
            CgroupDirectory.read("\(hierarchy.base)/\(placement.path)/cgroup.procs").split(separator: "\n").lazy.compactMap { Int32($0) }.first { $0 > 0 }
        }
    }

    /// A sample of everything in the node.
    package func nodeUsage() -> CgroupUsage? { CgroupUsage.read(version: version, hierarchies: hierarchies, path: "") }

    /// Kills what is left in it and removes it and everything below. Blocks while killed processes go, at most a second.
    package func remove(_ placement: CgroupPlacement) throws(RuntimeError) {
        try attempt("remove the cgroup \(placement.path)") { () throws(SystemError) in
            for hierarchy in hierarchies { try hierarchy.remove("\(hierarchy.base)/\(placement.path)") }
        }
    }

    /// Kills every process of the node, its supervisor too.
    func killAll() {
        for hierarchy in hierarchies { hierarchy.kill(below: hierarchy.base) }
    }

    /// Removes the node's cgroups, and the cluster's when this was its last node.
    package func removeNode() {
        for (hierarchy, cluster) in zip(hierarchies, clusterDirectories) {
            do throws(SystemError) { try hierarchy.remove(hierarchy.base) } catch { continue }  // best effort: the next start tries again
            _ = rmdir(cluster)  // Refused while another node lives in it.
        }
    }

    /// Kills and removes everything that a cluster left. Blocks.
    package static func sweep(clusterID: String) {
        do throws(RuntimeError) {
            let tree = try CgroupTree(clusterID: clusterID, node: "sweep")
            for (hierarchy, cluster) in zip(tree.hierarchies, tree.clusterDirectories) where FileSystem.exists(cluster) {
                hierarchy.kill(below: cluster)
                do throws(SystemError) { try hierarchy.remove(cluster) } catch { continue }  // best effort: reported by the next start
            }
        } catch { return }  // Without cgroups nothing was left in them.
    }

    private func attempt(_ what: String, _ body: () throws(SystemError) -> Void) throws(RuntimeError) {
        do throws(SystemError) { try body() } catch { throw RuntimeError(.system, "cannot \(what)", cause: error) }
    }
}

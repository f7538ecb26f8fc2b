import CLinux
import Glibc
import JSONCore
import KubeSchemas
import LinuxKernel

extension PodContext {
    /// Finds a claim's volume, and gives it to the pod's group when the pod has not begun: one that an earlier daemon started has it.
    func mountClaim(_ source: Volume, _ state: inout PodWorker.State) async throws(VolumeProblem) {
        guard let claimed = try await claimedVolume(source, state.pod) else { return }
        state.volumes.claimed[source.name] = claimed
        let location = try VolumeLocation(source, pod: state.pod, paths: paths, claimed: claimed)
        try checkPresence(claimed)
        try checkNodePath(location)
        let hasBegun = state.histories.values.contains { $0.current != nil }
        guard claimed.takesGroup, !claimed.isReadOnly, !hasBegun, let group = state.pod.fsGroup else { return }
        let onlyOnMismatch = state.pod.spec.securityContext.value["fsGroupChangePolicy"]?.stringValue == "OnRootMismatch"
        let (node, data) = (node, paths.data)
        do throws(SystemError) {
            try await KernelThread.run("kdash-volume") { () throws(SystemError) in
                let root = try Self.open(claimed, node, data: data)
                try VolumeOwnership.give(root, to: group, onlyOnMismatch: onlyOnMismatch)
            }
        } catch {
            throw VolumeProblem(message: "applyFSGroup failed for vol \(claimed.volume): \(error)")
        }
    }

    /// A local volume must be there: nobody makes it in passing, since an empty one would look like lost data.
    private func checkPresence(_ claimed: ClaimedVolume) throws(VolumeProblem) {
        guard claimed.takesGroup else { return }
        let base = "\(NodePaths.nodeBase)/volumes"
        let (isThere, hasBase): (Bool, Bool)
        do throws(SystemError) {
            isThere = try node.fileType(claimed.path) != nil
            hasBase = try node.fileType(base) != nil
        } catch {
            return  // An ordinary user's node cannot be entered; the supervisor tells when it mounts.
        }
        if isThere { return }
        if !hasBase, claimed.path.hasPrefix("\(base)/") {
            throw VolumeProblem(message: "the node was started by a kdash without volumes; restart it with `kdash down` and `kdash up`")
        }
        throw VolumeProblem(message: "path \"\(claimed.path)\" does not exist")
    }

    /// The volume's directory: one of the provisioner's through the data directory, any other through the node.
    private static func open(_ claimed: ClaimedVolume, _ node: NodeTree, data: String) throws(SystemError) -> FileDescriptor {
        let own = "\(NodePaths.nodeBase)/volumes/"
        if claimed.path.hasPrefix(own) { return try SafeDirectory.open("volumes/\(claimed.path.dropFirst(own.count))", below: data) }
        let place = try node.open(claimed.path)
        return try FileDescriptor.openResolving(".", O_RDONLY | O_DIRECTORY, resolve: UInt64(KD_RESOLVE_NO_MAGICLINKS), at: place.raw)
    }
}

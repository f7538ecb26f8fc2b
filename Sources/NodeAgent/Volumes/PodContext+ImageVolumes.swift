import ContainerImages
import ContainerRuntime
import Glibc
import KubeSchemas
import LinuxKernel

extension PodContext {
    /// Mounts the files of an image where the pod's containers find them, read-only. A daemon that took the pod over finds them mounted.
    func mountImage(_ source: Volume, _ state: inout PodWorker.State) async throws(VolumeProblem) {
        let reference = source.imageReference ?? ""
        let image = try imageVolume(reference, policy: source.imagePullPolicy)
        let users = try ownUsers(of: state.pod)
        try makeEmptyDirectory(source, state.pod)
        let path = paths.node(paths.volume(state.pod.uid, source.name))
        do throws(SystemError) {
            let above = try node.open(FileSystem.directory(of: path)).status().st_dev
            let isMounted = state.volumes.claimed[source.name] != nil
            if !isMounted, try node.open(path).status().st_dev == above {
                let layers = image.layerDirectories.map(paths.node)
                if let users { try await node.mountMapped(layers, at: path, users: users) } else { try await node.mountLayers(layers, at: path) }
            }
        } catch {
            throw VolumeProblem(message: "cannot mount image \(reference): \(error)")
        }
        state.volumes.claimed[source.name] = ClaimedVolume(
            volume: reference, path: path, type: "Directory", isReadOnly: true, takesGroup: false, isMapped: users != nil)
    }

    /// The pod's own users, which the layers must be mounted for: what is joined of them cannot be mapped.
    private func ownUsers(of pod: Pod) throws(VolumeProblem) -> HostIDRange? {
        guard pod.hasOwnUsers, runtime.givesUsers else { return nil }
        do throws(ConfigurationError) { return try users.reserve(for: pod.uid) } catch { throw VolumeProblem(message: error.message) }
    }

    private func imageVolume(_ reference: String, policy: String) throws(VolumeProblem) -> Image {
        do throws(ImageError) {
            if let found = try images.resolve(reference) { return found }
        } catch {
            throw VolumeProblem(message: "failed to resolve image \"\(reference)\": \(error)")
        }
        let remedy = "load it with `kdash image load FILE` or `kdash image import-host PROGRAM`"
        let why = policy == "Never" ? "pullPolicy is Never" : "pulling from registries is not supported yet"
        throw VolumeProblem(message: "image \(reference) is not present and \(why); \(remedy)")
    }
}

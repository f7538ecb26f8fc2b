import ContainerImages
import Glibc
import KubeSchemas
import LinuxKernel

extension PodContext {
    /// Mounts the files of an image where the pod's containers find them, read-only. A daemon that took the pod over finds them mounted.
    func mountImage(_ source: Volume, _ state: inout PodWorker.State) async throws(VolumeProblem) {
        let reference = source.imageReference ?? ""
        let image = try imageVolume(reference, policy: source.imagePullPolicy)
        try makeEmptyDirectory(source, state.pod)
        let path = paths.node(paths.volume(state.pod.uid, source.name))
        do throws(SystemError) {
            let above = try node.open(FileSystem.directory(of: path)).status().st_dev
            let isMounted = state.volumes.claimed[source.name] != nil
            if !isMounted, try node.open(path).status().st_dev == above {
                try await node.mountLayers(image.layerDirectories.map(paths.node), at: path)
            }
        } catch {
            throw VolumeProblem(message: "cannot mount image \(reference): \(error)")
        }
        state.volumes.claimed[source.name] = ClaimedVolume(
            volume: reference, path: path, type: "Directory", isReadOnly: true, takesGroup: false)
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

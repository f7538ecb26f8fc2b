import Controllers
import LinuxKernel
import NodeAgent

extension ControlPlane {
    /// Directories of the cluster's own data directory as volumes.
    var volumeStorage: VolumeStorage {
        let volumes = LocalVolumes(data: options.directory.path)
        return VolumeStorage(
            make: { (name) throws(VolumeStorage.Failure) in
                do throws(SystemError) { try await volumes.make(name) } catch { throw VolumeStorage.Failure("cannot make its directory: \(error)") }
            },
            remove: { (name) throws(VolumeStorage.Failure) in
                do throws(SystemError) { try await volumes.remove(name) } catch { throw VolumeStorage.Failure("cannot remove its directory: \(error)") }
            })
    }
}

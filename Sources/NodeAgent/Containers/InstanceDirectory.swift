import LinuxKernel

/// The files of one instance of a container.
enum InstanceDirectory {
    /// Makes it, with empty folders for overlay's writes and work. Throws what the system says of a folder that cannot be made or emptied. Blocking.
    static func make(_ path: String, below base: String) throws(SystemError) -> FileDescriptor {
        let instance = try SafeDirectory.make(path, below: base, mode: 0o755)
        for name in ["upper", "work"] {
            // A start that a dying node cut short leaves marks in them with which overlay mounts nothing any more.
            try FileSystem.removeTree(name, at: instance.raw)
            _ = try SafeDirectory.make("\(path)/\(name)", below: base, mode: 0o755)
        }
        return instance
    }
}

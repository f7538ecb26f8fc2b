internal import Glibc
package import LinuxKernel

/// What is the same for every directory of a cgroup hierarchy, whoever it is for.
package enum CgroupDirectory {
    /// Makes one; harmless when it exists. `isCpuset`: of a v1 hierarchy of that controller.
    package static func make(_ path: String, isCpuset: Bool) throws(SystemError) {
        if mkdir(path, 0o755) < 0, errno != EEXIST { throw .last("mkdir", path) }
        guard isCpuset else { return }
        // A v1 cpuset starts empty, and nothing may enter it until it has been filled.
        let parent = FileSystem.directory(of: path)
        for file in ["cpuset.cpus", "cpuset.mems"] where read("\(path)/\(file)").isEmpty {
            try FileSystem.write(read("\(parent)/\(file)"), to: "\(path)/\(file)")
        }
    }

    /// Removes `path` and everything below as far as no process is in it; false, with errno, when something stayed.
    package static func remove(_ path: String) -> Bool {
        if rmdir(path) == 0 || errno == ENOENT { return true }
        for child in children(of: path) where !remove(child) { return false }
        return rmdir(path) == 0 || errno == ENOENT
    }

    package static func children(of path: String) -> [String] {
        do throws(SystemError) {
            return try FileSystem.names(in: path).map { "\(path)/\($0)" }.filter { FileSystem.isDirectory($0) }
        } catch { return [] }  // It vanished meanwhile.
    }

    /// A small file without its line end; empty when it cannot be read.
    package static func read(_ path: String) -> String {
        do throws(SystemError) { return try FileSystem.readText(path) } catch { return "" }  // What a kernel lacks says nothing.
    }
}

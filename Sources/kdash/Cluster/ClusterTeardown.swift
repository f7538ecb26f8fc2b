import APIMachinery
import ContainerRuntime
import Glibc
import KubeClient
import KubeSchemas
import LinuxKernel
import PodNetwork

/// Stops a cluster and, when asked, removes every trace of it.
struct ClusterTeardown: Sendable {
    let directory: DataDirectory

    /// Ends daemon and pods within their grace periods. A cluster that does not run is left as it is. As long as the result lives, no
    /// daemon starts there; nil when the directory is not a cluster's.
    @discardableResult
    func stop() throws(CommandError) -> FileLock? {
        // Nobody has to find it where it was: any port will do.
        let launcher = DaemonLauncher(directory: directory, arguments: ["--any-port"])
        if try !launcher.isRunning {
            guard let instance = try ClusterInstance.load(directory) else { return nil }
            let nodes = NodeIdentity.all(instance, in: directory)
            guard nodes.contains(where: \.isAlive) else {
                let lock = try takeLock()
                // What led to the outside outlives both daemon and node.
                for node in nodes { OutsideProgram.end(in: node.runDirectory) }
                return lock
            }
            // Containers outlived their daemon: a daemon adopts them, so that they end as gracefully as any.
            _ = try launcher.start()
        }
        do throws(CommandError) {
            let client = try DaemonClient(ClusterAccess(own: directory))
            announce(client)
            try Blocking.run { () throws(CommandError) in _ = try await client.call(.post, "/down") }
        } catch {
            try terminateHolder(because: error)
        }
        return try takeLock()
    }

    /// What takes long says so before it does.
    private func announce(_ client: DaemonClient) {
        let kube = KubeClient(transport: client.transport)
        // best effort: how many they are is only told.
        let pods = (try? Blocking.run { () throws(APIStatus) in try await kube.list(Pod.resource, namespace: nil).items }) ?? []
        let running = pods.map { Pod($0) }.filter { !$0.isTerminated }
        guard !running.isEmpty else { return }
        let grace = running.map { $0.spec.terminationGracePeriodSeconds }.max() ?? 30
        Output.error("stopping \(running.count == 1 ? "1 pod" : "\(running.count) pods") (up to \(grace) s) …")
    }

    /// The lock is free once the daemon's process has ended.
    private func takeLock() throws(CommandError) -> FileLock {
        do throws(SystemError) {
            let lock = try FileLock.acquire(directory.lock)
            // Also for a daemon that had crashed: it is stopped now, and an open screen leaves it so.
            try lock.write("")
            return lock
        } catch {
            throw CommandError("cannot wait for the daemon to end: \(error)")
        }
    }

    /// The daemon does not answer: ends exactly the process that holds the lock.
    private func terminateHolder(because reason: CommandError) throws(CommandError) {
        do {
            try LockHolder.signal(SIGTERM, directory)
        } catch {
            throw CommandError("the daemon does not answer (\(reason.message)) and cannot be ended: \(error)")
        }
    }

    /// Removes a directory that holds nothing but what a daemon leaves that never became one: its lock and its logs. False for any other.
    private func removeLeftovers(_ held: FileLock?) throws(CommandError) -> Bool {
        do throws(SystemError) {
            let leftovers = [directory.lock, directory.daemonLog, directory.daemonLog + ".1"]
            let names = Set(leftovers.map { FileSystem.name(of: $0) })
            guard FileSystem.isDirectory(directory.path) else { return false }
            let present = try FileSystem.names(in: directory.path)
            guard !present.isEmpty, present.allSatisfy(names.contains) else { return false }
            let lock = if let held { held } else { try FileLock.acquire(directory.lock) }
            defer { withExtendedLifetime(lock) {} }
            for path in leftovers { try FileSystem.removeFile(path) }
            try FileSystem.removeDirectory(directory.path)
            return true
        } catch {
            throw CommandError("could not remove what is left in \(directory.path): \(error)")
        }
    }

    /// Removes a folder of the user's and those in it, as far as they are empty: the files are the user's.
    private func removeEmptyFolders(_ path: String) throws(SystemError) {
        guard FileSystem.isDirectory(path) else { return }
        for name in try FileSystem.names(in: path) where FileSystem.isDirectory("\(path)/\(name)") { try removeEmptyFolders("\(path)/\(name)") }
        if try FileSystem.names(in: path).isEmpty { try FileSystem.removeDirectory(path) }
    }

    /// Stops the cluster and removes what kdash made in the directory and on the machine. Refuses a directory that is not a cluster's.
    func purge() throws(CommandError) {
        let lock = try stop()
        defer { withExtendedLifetime(lock) {} }
        guard let instance = try ClusterInstance.load(directory) else {
            if try removeLeftovers(lock) { return }
            throw CommandError("\(directory.path) has no file `instance`, so it is not a cluster of kdash; nothing was removed")
        }
        do {
            try MachineSweep(id: instance.id).removeAll()
            let merge = KubeconfigMerge(directory: directory)
            try Blocking.run { () throws(any Error) in try await merge.remove() }
            for entry in directory.ownEntries {
                if FileSystem.isDirectory(entry) { try FileSystem.removeTree(entry) } else { try FileSystem.removeFile(entry) }
            }
            try removeEmptyFolders(directory.manifests)
            if try FileSystem.names(in: directory.path).isEmpty { try FileSystem.removeDirectory(directory.path) }
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError("could not remove everything: \(error)")
        }
    }
}

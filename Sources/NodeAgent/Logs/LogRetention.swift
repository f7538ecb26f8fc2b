import Glibc
import KubeClient
import LinuxKernel
import Logging

/// Keeps the logs of deleted pods within a budget, the oldest going first.
struct LogRetention: Sendable {
    let directory: LogDirectory
    /// Bytes that deleted pods' logs may take together.
    var budget: ByteCount = .gibibytes(1)
    let logger: Logger

    /// Removes the oldest logs of pods that no longer exist until the rest fits. Blocking.
    func enforce(livePods: Set<String>) {
        let logs = kept(livePods: livePods)
        var total = logs.reduce(ByteCount.zero) { $0 + $1.size }
        for log in logs.reversed() where total > budget {
            let path = "\(directory.root)/\(LogDirectory.name(namespace: log.namespace, pod: log.pod, uid: log.podUID))"
            do throws(SystemError) {
                try FileSystem.removeTree(path)
                total += ByteCount(-log.size.value)
                logger.info("removed a deleted pod's logs", metadata: ["path": "\(path)", "bytes": "\(log.size.value)"])
            } catch {
                logger.warning("could not remove a deleted pod's logs", metadata: ["path": "\(path)", "error": "\(error)"])
            }
        }
    }

    /// The logs of pods that no longer exist, the newest first. Blocking.
    func kept(livePods: Set<String>) -> [KeptLog] {
        let names = (try? FileSystem.names(in: directory.root)) ?? []  // best effort: no logs yet
        return names.compactMap { name in
            let parts = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, !livePods.contains(parts[2]) else { return nil }
            return measure(KeptLog(namespace: parts[0], pod: parts[1], podUID: parts[2], containers: [], lastWrite: Timestamp(seconds: 0), size: .zero))
        }.sorted { $0.lastWrite > $1.lastWrite }
    }

    private func measure(_ log: KeptLog) -> KeptLog {
        var log = log
        let path = "\(directory.root)/\(LogDirectory.name(namespace: log.namespace, pod: log.pod, uid: log.podUID))"
        for container in ((try? FileSystem.names(in: path)) ?? []).sorted() {  // best effort: it may be going away
            // By descriptors: pods that see the folder could plant a link in it.
            guard let folder = try? SafeDirectory.open(container, below: path), let entries = try? DirectoryEntry.all(in: folder) else {
                continue  // best effort: it may be going away
            }
            for entry in entries {
                var info = stat()
                guard fstatat(folder.raw, entry.name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                let (size, isHuge) = Int64(info.st_blocks).multipliedReportingOverflow(by: 512)
                log.size += ByteCount(isHuge ? .max : size)
                log.lastWrite = max(log.lastWrite, Timestamp(seconds: Int64(info.st_mtim.tv_sec)))
                if log.containers.last != container { log.containers.append(container) }
            }
        }
        return log
    }
}

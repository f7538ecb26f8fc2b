import Glibc
import LinuxKernel
import Logging

/// Keeps the logs of deleted pods within a budget, the oldest going first.
struct LogRetention: Sendable {
    let directory: LogDirectory
    /// Bytes that deleted pods' logs may take together.
    var budget: ByteCount = .gibibytes(1)
    let logger: Logger

    private struct Entry {
        let path: String
        let size: Int64
        let modified: Int64
    }

    /// Removes the oldest logs of pods that no longer exist until the rest fits. Blocking.
    func enforce(livePods: Set<String>) {
        let names = (try? FileSystem.names(in: directory.root)) ?? []  // best effort: no logs yet
        var entries: [Entry] = []
        for name in names {
            guard let uid = name.split(separator: "_").last.map(String.init), !livePods.contains(uid) else { continue }
            entries.append(measure("\(directory.root)/\(name)"))
        }
        entries.sort { $0.modified < $1.modified }
        var total = entries.reduce(Int64(0)) { $0 + $1.size }
        for entry in entries where total > budget.value {
            do throws(SystemError) {
                try FileSystem.removeTree(entry.path)
                total -= entry.size
                logger.info("removed a deleted pod's logs", metadata: ["path": "\(entry.path)", "bytes": "\(entry.size)"])
            } catch {
                logger.warning("could not remove a deleted pod's logs", metadata: ["path": "\(entry.path)", "error": "\(error)"])
            }
        }
    }

    private func measure(_ path: String) -> Entry {
        var size: Int64 = 0
        var modified: Int64 = 0
        for container in (try? FileSystem.names(in: path)) ?? [] {  // best effort: it may be going away
            for file in (try? FileSystem.names(in: "\(path)/\(container)")) ?? [] {  // best effort: it may be going away
                guard let info = try? FileSystem.status("\(path)/\(container)/\(file)") else { continue }  // best effort: it may be going away
                size += Int64(info.st_blocks) * 512
                modified = max(modified, Int64(info.st_mtim.tv_sec))
            }
        }
        return Entry(path: path, size: size, modified: modified)
    }
}

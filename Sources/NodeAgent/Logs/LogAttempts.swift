import Glibc
import LinuxKernel

/// The logs of a container's instances one after the other.
enum LogAttempts {
    /// How many instances of a living container keep their log, the newest among them: enough to see how a crash loop began to look, and a bound
    /// for what it writes. The kubelet keeps one dead instance.
    static let kept = 5

    /// Removes what older instances have logged, rotated files as well. `path` is relative to `root` and reached by descriptors only, as pods
    /// that see the folder could plant links in it. Blocking.
    static func removeEarlier(in path: String, below root: String) throws(SystemError) {
        let folder = try SafeDirectory.open(path, below: root)
        let entries = try DirectoryEntry.all(in: folder)
        let attempts = Set(entries.compactMap { attempt(of: $0.name) }).sorted()
        guard attempts.count > kept else { return }
        let oldest = attempts[attempts.count - kept]
        let raw = folder.raw
        for entry in entries {
            guard let number = attempt(of: entry.name), number < oldest else { continue }
            if unlinkat(raw, entry.name, 0) != 0, errno != ENOENT { throw .last("unlinkat", entry.name) }
        }
    }

    /// The instance that a file belongs to: `3.log`, `3.log.1` and `3.log.new` are of the fourth.
    private static func attempt(of name: String) -> Int? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[1] == "log" else { return nil }
        return Int(parts[0])
    }
}

import Glibc
import KubeClient
import LinuxKernel

/// Why a file of manifests was not read or written, for people.
struct FileProblem: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String
}

/// Files and folders of manifests. Everything here blocks and never runs on the main actor.
enum ManifestFiles {
    /// The largest file that is opened: what a manifest may be, with some room.
    static let mostBytes = 4 << 20
    private static let mostNames = 1000
    private static let endings = [".yaml", ".yml", ".json"]

    /// What is at a path.
    enum Found: Sendable {
        /// A file, read.
        case file(text: String, FileOrigin)
        /// A folder, with the paths of the manifests in it.
        case folder(String, [String])
    }

    /// What became of a save.
    enum Saved: Sendable, Hashable {
        /// It is on disk.
        case saved(FileOrigin)
        /// Somebody else wrote the file since, or removed it: nothing was written. What is there now; nil when it is gone.
        case changed(String?)
    }

    /// The path that a typed text means: `~` is the home folder, the rest is as the shell has it.
    static func expanded(_ text: String) -> String {
        let path = String(text.drop { $0 == " " })
        guard path == "~" || path.hasPrefix("~/"), let home = getenv("HOME") else { return path }
        return String(cString: home) + path.dropFirst()
    }

    static func open(_ typed: String) throws(FileProblem) -> Found {
        let path = FileSystem.truePath(expanded(typed))
        guard let status = try told({ () throws(SystemError) in try FileSystem.status(path) }) else {
            throw FileProblem(description: "\(path) is not there")
        }
        if status.st_mode & S_IFMT == S_IFDIR { return .folder(path, try told { () throws(SystemError) in try manifests(in: path) }) }
        // A device or a pipe would never end.
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileProblem(description: "\(path) is neither a file nor a folder") }
        let bytes = try told { () throws(SystemError) in try FileSystem.readFile(path, limit: mostBytes) }
        return .file(text: try text(bytes, path), origin(bytes, path))
    }

    private static func told<T>(_ body: () throws(SystemError) -> T) throws(FileProblem) -> T {
        do throws(SystemError) { return try body() } catch { throw FileProblem(description: "\(error)") }
    }

    private static func origin(_ bytes: [UInt8], _ path: String) -> FileOrigin {
        let returns = bytes.count { $0 == 0x0D }
        let feeds = bytes.count { $0 == 0x0A }
        return FileOrigin(path: path, digest: FileOrigin.digest(bytes), hasReturns: feeds > 0 && returns == feeds)
    }

    private static func text(_ bytes: [UInt8], _ path: String) throws(FileProblem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FileProblem(description: "\(path) is not UTF-8 text") }
        return text
    }

    private static func manifests(in folder: String) throws(SystemError) -> [String] {
        let names = try FileSystem.names(in: folder).filter { name in !name.hasPrefix(".") && endings.contains { name.hasSuffix($0) } }
        let base = folder.hasSuffix("/") ? folder : "\(folder)/"
        return names.sorted().prefix(mostNames).map { base + $0 }
    }

    /// Replaces a file in one step, keeping its owner and mode; refuses when somebody else wrote it since, unless that is `isForced`.
    static func save(_ text: String, to origin: FileOrigin, isForced: Bool) throws(FileProblem) -> Saved {
        do throws(SystemError) {
            if !isForced {
                guard try FileSystem.status(origin.path) != nil else { return .changed(nil) }
                let present = try FileSystem.readFile(origin.path, limit: mostBytes)
                guard FileOrigin.digest(present) == origin.digest else { return .changed(String(decoding: present, as: UTF8.self)) }
            }
            return .saved(try write(text, origin.path, hasReturns: origin.hasReturns))
        } catch {
            throw FileProblem(description: "\(origin.path) was not saved: \(error)")
        }
    }

    /// Writes a new file; one that is there is `changed`.
    static func create(_ text: String, at typed: String) throws(FileProblem) -> Saved {
        let path = FileSystem.truePath(expanded(typed))
        do throws(SystemError) {
            if let status = try FileSystem.status(path) {
                guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "open", errno: EISDIR, arguments: path) }
                return .changed(String(decoding: try FileSystem.readFile(path, limit: mostBytes), as: UTF8.self))
            }
            return .saved(try write(text, path, hasReturns: false))
        } catch {
            throw FileProblem(description: "\(path) was not saved: \(error)")
        }
    }

    private static func write(_ text: String, _ path: String, hasReturns: Bool) throws(SystemError) -> FileOrigin {
        let bytes = Array((hasReturns ? text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n") : text).utf8)
        // What is in a Secret is nobody else's.
        let isSecret = text.split(separator: "\n").contains { $0.hasPrefix("kind:") && $0.hasSuffix("Secret") }
        try FileReplacement.replace(path, with: bytes, newMode: isSecret ? 0o600 : 0o644, newOwner: nil)
        return FileOrigin(path: FileSystem.truePath(path), digest: FileOrigin.digest(bytes), hasReturns: hasReturns)
    }

    /// What a typed path may go on as: folders end with a slash. The longest text that all of them begin with, and their names.
    static func completions(_ typed: String) -> (text: String, names: [String]) {
        let path = expanded(typed)
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "./"
        let start = slash.map { String(path[path.index(after: $0)...]) } ?? path
        // best effort: a folder that cannot be read completes nothing.
        let all = (try? FileSystem.names(in: folder)) ?? []
        let names = all.filter { name in
            guard name.hasPrefix(start), start.hasPrefix(".") || !name.hasPrefix(".") else { return false }
            return endings.contains { name.hasSuffix($0) } || FileSystem.isDirectory(folder + name)
        }.sorted().prefix(mostNames).map { FileSystem.isDirectory(folder + $0) ? "\($0)/" : $0 }
        guard let first = names.first else { return (typed, []) }
        let common = names.dropFirst().reduce(first) { shared, name in String(zip(shared, name).prefix { $0 == $1 }.map(\.0)) }
        return (String(typed.dropLast(start.count)) + common, names)
    }
}

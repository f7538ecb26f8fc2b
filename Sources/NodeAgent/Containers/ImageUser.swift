import ContainerRuntime
import Glibc
import LinuxKernel

/// Resolves the user that an image's configuration names against the image's own passwd and group files.
enum ImageUser {
    /// Who a container runs as unless its pod says otherwise.
    struct Resolved: Sendable, Hashable {
        var uid: UInt32
        var gid: UInt32
        /// Groups that list the user in the image's group file.
        var groups: [UInt32]
        var home: String
    }

    /// Why the image's user cannot be used.
    struct Failure: Error, Sendable, Hashable {
        let message: String
    }

    /// - Parameters:
    ///   - text: `uid`, `uid:gid`, `name`, `name:group` or empty for root. A number is only ever a number.
    ///   - uid: the pod's runAsUser, which wins over the image's user.
    ///   - gid: the pod's runAsGroup.
    ///   - layers: unpacked layers, relative to `base`, topmost first.
    ///   - base: the data directory.
    static func resolve(_ text: String, uid: Int64?, gid: Int64?, layers: [String], below base: String) throws(Failure) -> Resolved {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let passwd = entries("etc/passwd", layers, base)
        let group = entries("etc/group", layers, base)
        let wanted = uid.map { "\($0)" } ?? (parts.first.flatMap { $0.isEmpty ? nil : $0 } ?? "0")
        let account = passwd.first { $0.count > 3 && (isNumber(wanted) ? $0[2] == wanted : $0[0] == wanted) }
        let resolvedUID = try isNumber(wanted) ? number(wanted) : number(account?[2], "user \(wanted)", "passwd")
        var resolvedGID = try account.map { account throws(Failure) in try number(account[3]) } ?? 0
        if uid == nil, parts.count > 1, !parts[1].isEmpty {
            let name = parts[1]
            let found = group.first { $0.count > 2 && $0[0] == name }
            resolvedGID = try isNumber(name) ? number(name) : number(found?[2], "group \(name)", "group")
        }
        if let gid { resolvedGID = try number("\(gid)") }
        var groups: [UInt32] = []
        if let name = account?[0] {
            for line in group where line.count > 3 && line[3].split(separator: ",").contains(Substring(name)) {
                if let id = UInt32(line[2]), id != resolvedGID { groups.append(id) }
            }
        }
        let home = account.flatMap { $0.count > 5 && !$0[5].isEmpty ? $0[5] : nil } ?? (resolvedUID == 0 ? "/root" : "/")
        return Resolved(uid: resolvedUID, gid: resolvedGID, groups: groups, home: home)
    }

    private static func isNumber(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func number(_ text: String) throws(Failure) -> UInt32 {
        guard let value = Int32(text), value >= 0 else { throw Failure(message: "user or group id \(text) is not between 0 and 2147483647") }
        return UInt32(value)
    }

    private static func number(_ text: String?, _ what: String, _ file: String) throws(Failure) -> UInt32 {
        guard let text else { throw Failure(message: "the image has no \(what) in its /etc/\(file); use a number in runAsUser") }
        return try number(text)
    }

    /// The colon-separated lines of the topmost regular file; links and other kinds of files are not followed.
    private static func entries(_ path: String, _ layers: [String], _ base: String) -> [[String]] {
        for layer in layers {
            guard let file = open(path, in: layer, below: base) else { continue }
            guard let info = try? file.status(), info.st_mode & S_IFMT == S_IFREG, info.st_size <= 10 << 20,  // best effort: hostile files count as absent
                let bytes = try? FileSystem.readAll(file, limit: 10 << 20, named: path)  // best effort: unreadable counts as absent
            else { return [] }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
                line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            }
        }
        return []
    }

    /// Opens a file of an unpacked layer without leaving the layer; nil when it has none. A link in the layer's own place, which a
    /// privileged pod could plant, is no layer.
    private static func open(_ path: String, in layer: String, below base: String) -> FileDescriptor? {
        do throws(SystemError) {
            let directory = try SafeDirectory.open(layer, below: base)
            let inRoot: UInt64 = 0x10  // RESOLVE_IN_ROOT
            return try FileDescriptor.openResolving(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, resolve: inRoot, at: directory.raw)
        } catch {
            return nil
        }
    }
}

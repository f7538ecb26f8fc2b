internal import Glibc
internal import JSONCore
internal import LinuxKernel

/// The directory below which each container has one: `state.json`, `config.json`, and `exec.fifo` until it is started.
struct ContainerStore: Sendable {
    let root: String

    /// Where containers are unless `--root` says otherwise.
    static func defaultRoot(user: uid_t, runtimeDirectory: String?) -> String {
        if user == 0 { return "/run/kdash-oci" }
        return runtimeDirectory.flatMap { $0.isEmpty ? nil : "\($0)/kdash-oci" } ?? "/tmp/kdash-oci-\(user)"
    }

    func directory(_ id: String) -> String { "\(root)/\(id)" }
    func fifo(_ id: String) -> String { "\(root)/\(id)/exec.fifo" }

    /// Source: runc's and crun's rule.
    static func check(id: String) throws(OCIError) {
        func isPlain(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        guard !id.isEmpty, id.utf8.count <= 255, id.utf8.allSatisfy(isPlain), !id.hasPrefix(".") else {
            throw OCIError(
                .usage, "invalid character in the container ID `\(id)`, or it is too long: 1 to 255 letters, digits and _ + - . that do not begin with a dot")
        }
    }

    /// Makes a container's directory; its name is then taken.
    func claim(_ id: String) throws(OCIError) {
        try OCIError.attempt("make the directory of containers \(root)") { () throws(SystemError) in
            if !FileSystem.isDirectory(root) { try FileSystem.makeDirectories(root, mode: 0o700) }
        }
        if mkdir(directory(id), 0o700) == 0 { return }
        if errno == EEXIST { throw OCIError(.alreadyExists, "a container with the id `\(id)` exists already; delete it or choose another id") }
        throw OCIError(.system, "cannot make the container's directory", cause: .last("mkdir", directory(id)))
    }

    func write(_ record: ContainerRecord) throws(OCIError) {
        try replace("\(directory(record.id))/state.json", JSON.encode(record.json))
    }

    /// In one step for readers. Not flushed: after a power cut no container runs.
    private func replace(_ path: String, _ bytes: [UInt8]) throws(OCIError) {
        try OCIError.attempt("write \(path)") { () throws(SystemError) in
            do {
                let file = try FileDescriptor.open("\(path).new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
                try file.writeAll(bytes)
            }
            try SystemError.check("rename", path) { Glibc.rename("\(path).new", path) }
        }
    }

    func read(_ id: String) throws(OCIError) -> ContainerRecord {
        try Self.check(id: id)
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try FileSystem.readFile("\(directory(id))/state.json") } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else {
                throw OCIError(.system, "cannot read the state of the container `\(id)`", cause: error)
            }
            throw OCIError(.notFound, "container `\(id)` does not exist")
        }
        do throws(JSONError) {
            if let record = ContainerRecord(try JSON.parse(bytes)) { return record }
        } catch {}  // Said below, with what it means.
        throw OCIError(.notFound, "the state of the container `\(id)` is damaged: \(directory(id))/state.json; `delete --force \(id)` removes it")
    }

    func copy(configuration bytes: [UInt8], of id: String) throws(OCIError) {
        let path = "\(directory(id))/config.json"
        try OCIError.attempt("write \(path)") { () throws(SystemError) in
            try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW).writeAll(bytes)
        }
    }

    /// The configuration that the container was made with; later changes of its bundle change nothing.
    func configuration(_ id: String) throws(OCIError) -> BundleConfiguration {
        try Self.parse("\(directory(id))/config.json").1
    }

    static func parse(_ path: String) throws(OCIError) -> ([UInt8], BundleConfiguration) {
        let bytes = try OCIError.attempt("read \(path)") { () throws(SystemError) in try FileSystem.readFile(path, limit: 3 << 20) }
        var configuration = try BundleConfiguration(try document(bytes, path))
        configuration.mapOwnIDs(user: geteuid(), group: getegid())
        return (bytes, configuration)
    }

    static func document(_ bytes: [UInt8], _ path: String) throws(OCIError) -> JSONValue {
        do throws(JSONError) {
            // As Go reads it: of the same key twice the last counts.
            var duplicates: [JSONPointer] = []
            return try JSON.parse(bytes, duplicateKeys: &duplicates)
        } catch { throw OCIError(.invalidConfiguration, "\(path) is not JSON: \(error)") }
    }

    /// Removes what there is of a container's directory.
    func forget(_ id: String) throws(OCIError) {
        for name in ["exec.fifo", "config.json", "state.json.new", "state.json"] { _ = unlink("\(directory(id))/\(name)") }
        guard rmdir(directory(id)) != 0, errno != ENOENT else { return }
        throw OCIError(.system, "cannot remove the directory of the container `\(id)`", cause: .last("rmdir", directory(id)))
    }

    /// The ids of all containers, sorted.
    func ids() throws(OCIError) -> [String] {
        do throws(SystemError) { return try FileSystem.names(in: root).filter { FileSystem.exists("\(directory($0))/state.json") } } catch {
            if error.errno == ENOENT { return [] }
            throw OCIError(.system, "cannot list containers", cause: error)
        }
    }

    func status(_ record: ContainerRecord) -> ContainerStatus {
        guard record.pid > 0 else { return .creating }
        guard ProcessLife.isAlive(record.pid, startTicks: record.startTicks) else { return .stopped }
        if FileSystem.exists(fifo(record.id)) { return .created }
        if let cgroup = record.cgroup, let layout = Self.layout(), ContainerCgroup(path: cgroup, layout: layout).isFrozen { return .paused }
        return .running
    }

    static func layout() -> CgroupLayout? {
        do throws(SystemError) { return try CgroupLayout.detect() } catch { return nil }  // Without /proc there is nothing to enter.
    }
}

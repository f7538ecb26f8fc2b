import Glibc
package import LinuxKernel

/// A kubeconfig file on disk that kdash adds its entry to and removes it from, keeping owner, mode, symbolic links and every other byte,
/// under client-go's lock convention. These calls block for as long as the disk does.
package struct KubeconfigFile: Sendable {
    /// Who is to own files and directories that are made.
    package struct Owner: Sendable, Hashable {
        /// The user id.
        package var user: UInt32
        /// The group id.
        package var group: UInt32

        /// An owner.
        package init(user: UInt32, group: UInt32) {
            self.user = user
            self.group = group
        }
    }

    /// What a call did.
    package enum Outcome: Sendable, Hashable {
        /// The file says what it should already; it was not touched.
        case unchanged
        /// The file was rewritten.
        case changed
        /// The file was made.
        case created
        /// The file was removed, because kdash had made it and nothing else was in it.
        case removed
    }

    /// How long another program may hold the lock.
    package static let lockPatience: Duration = .seconds(5)

    /// The file's path, as the user names it.
    package let path: String
    private let owner: Owner?
    private let time: any TimeSource

    /// A file at a path; `owner` gets what is made (the invoking user's under sudo), nil leaves it to the process.
    package init(path: String, owner: Owner? = nil, time: any TimeSource = SystemTimeSource()) {
        self.path = path
        self.owner = owner
        self.time = time
    }

    /// Adds an entry, or brings the one this cluster wrote up to date; sets current-context only when there is none.
    package func add(_ entry: KubeconfigEntry) async throws(KubeconfigError) -> Outcome {
        try await locked { () throws(KubeconfigError) -> Outcome in
            let present = try read()
            let start = present ?? Array("\(KubeconfigText.createdMark)\n".utf8)
            guard let changed = try KubeconfigText(start, path: path).adding(entry) else { return .unchanged }
            try write(changed)
            return present == nil ? .created : .changed
        }
    }

    /// Removes what this cluster added; the file too, when it was made for that and holds nothing else.
    package func remove(_ entry: KubeconfigEntry) async throws(KubeconfigError) -> Outcome {
        guard try read() != nil else { return .unchanged }
        return try await locked { () throws(KubeconfigError) -> Outcome in
            guard let present = try read(), let changed = try KubeconfigText(present, path: path).removing(entry) else { return .unchanged }
            if KubeconfigText.isLeftover(changed) {
                do throws(SystemError) {
                    try FileSystem.removeFile(try target())
                } catch {
                    throw failure("remove", error)
                }
                return .removed
            }
            try write(changed)
            return .changed
        }
    }

    private func read() throws(KubeconfigError) -> [UInt8]? {
        do throws(SystemError) {
            let file = try target()
            return FileSystem.exists(file) ? try FileSystem.readFile(file) : nil
        } catch {
            throw failure("read", error)
        }
    }

    private func write(_ bytes: [UInt8]) throws(KubeconfigError) {
        do throws(SystemError) {
            try FileReplacement.replace(try target(), with: bytes, newMode: 0o600, newOwner: owner.map { ($0.user, $0.group) })
        } catch {
            throw failure("write", error)
        }
    }

    /// The file itself, behind symbolic links; one that leads nowhere yet gets its target made.
    private func target() throws(SystemError) -> String {
        var current = path
        for _ in 0..<40 {
            guard let status = try FileSystem.status(current), status.st_mode & S_IFMT == S_IFLNK else { return current }
            let link = try FileSystem.readLink(current)
            current = link.hasPrefix("/") ? link : "\(FileSystem.directory(of: current))/\(link)"
        }
        throw SystemError(call: "readlink", errno: ELOOP, arguments: path)
    }

    private func locked<Result: Sendable>(
        _ body: () throws(KubeconfigError) -> Result
    ) async throws(KubeconfigError) -> Result {
        let lock = "\(path).lock"
        do throws(SystemError) {
            try makeDirectory(FileSystem.directory(of: path))
        } catch {
            throw failure("make the directory of", error)
        }
        let deadline = time.monotonic() + Self.lockPatience
        while true {
            let descriptor = open(lock, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0)
            if descriptor >= 0 {
                close(descriptor)
                break
            }
            guard errno == EEXIST else { throw failure("lock", SystemError.last("open", lock)) }
            guard time.monotonic() < deadline else {
                throw KubeconfigError(
                    code: .locked, message: "kubeconfig \(path) is locked: \(lock) exists; when no kubectl is running, remove that file")
            }
            do {
                try await time.sleep(for: .milliseconds(50))
            } catch {
                throw KubeconfigError(code: .locked, message: "waiting for \(lock) was interrupted")
            }
        }
        defer { unlink(lock) }
        return try body()
    }

    /// Makes the directory for a user whose home is there but whose `.kube` is not.
    private func makeDirectory(_ directory: String) throws(SystemError) {
        guard !FileSystem.exists(directory) else { return }
        try FileSystem.makeDirectories(directory, mode: 0o750)
        if let owner { chown(directory, owner.user, owner.group) }
    }

    private func failure(_ action: String, _ error: SystemError) -> KubeconfigError {
        KubeconfigError(code: .io, message: "cannot \(action) kubeconfig \(path): \(error)")
    }
}

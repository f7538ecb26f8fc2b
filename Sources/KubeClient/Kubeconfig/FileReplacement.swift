package import Glibc
package import LinuxKernel

/// Replaces a file's bytes in one step, keeping its owner and mode.
package enum FileReplacement {
    /// Writes beside the file, then renames over it. A file that was not there gets `newMode` and `newOwner`.
    package static func replace(
        _ path: String, with bytes: [UInt8], newMode: mode_t, newOwner: (user: UInt32, group: UInt32)?
    ) throws(SystemError) {
        let present = try FileSystem.status(path)
        let temporary = "\(FileSystem.directory(of: path))/.\(FileSystem.name(of: path)).\(SecureRandom.hex(8))"
        do throws(SystemError) {
            let raw = try SystemError.check("open", temporary) { open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600) }
            let file = FileDescriptor(raw)
            let user = present.map { $0.st_uid } ?? newOwner?.user
            let group = present.map { $0.st_gid } ?? newOwner?.group
            if let user, let group, user != geteuid() || group != getegid() {
                try SystemError.check("fchown", temporary) { fchown(file.raw, user, group) }
            }
            // After the owner: changing that clears bits of the mode.
            let mode = (present?.st_mode ?? newMode) & 0o7777
            try SystemError.check("fchmod", temporary) { fchmod(file.raw, mode) }
            try file.writeAll(bytes)
            try file.synchronize()
            try FileSystem.rename(temporary, path)
        } catch {
            unlink(temporary)
            throw error
        }
    }
}

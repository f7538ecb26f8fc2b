import Glibc
import LinuxKernel

/// Something that is written to a file of the user's choice, which nobody but the user can read.
struct FileExport: Sendable {
    /// What is counted: `lines`.
    let noun: String
    /// Writes it and returns how much.
    let write: @Sendable (borrowing FileDescriptor) throws(SystemError) -> Int

    /// Writes to a file that is not there yet, or in place of one. Returns how much; nothing stays when it fails. Blocking.
    func save(to path: String, isReplacing: Bool) throws(SystemError) -> Int {
        guard isReplacing else { return try create(path) }
        let temporary = "\(path).\(SecureRandom.hex(8)).tmp"
        let count = try create(temporary)
        do throws(SystemError) {
            try FileSystem.rename(temporary, path)
        } catch {
            unlink(temporary)
            throw error
        }
        return count
    }

    private func create(_ path: String) throws(SystemError) -> Int {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        do throws(SystemError) {
            return try write(file)
        } catch {
            unlink(path)
            throw error
        }
    }
}

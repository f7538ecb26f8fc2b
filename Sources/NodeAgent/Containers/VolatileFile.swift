import Glibc
import LinuxKernel

/// Small files that are made anew with each pod or container and need not survive a power cut.
enum VolatileFile {
    /// Replaces the content of `path`; `mode` holds whatever the umask is.
    static func write(_ text: String, to path: String, mode: mode_t) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: mode)
        let raw = file.raw
        try SystemError.check("fchmod", path) { fchmod(raw, mode) }
        try file.writeAll(Array(text.utf8))
    }
}

import Glibc
import LinuxKernel

/// Small files that are made anew with each pod or container and need not survive a power cut.
enum VolatileFile {
    /// Replaces the content of `name` in an open directory; `mode` holds whatever the umask is. Anything but a file there is an error.
    static func write(_ text: String, to name: String, in directory: borrowing FileDescriptor, mode: mode_t) throws(SystemError) {
        let file = try FileDescriptor.openRegular(name, O_WRONLY | O_CREAT | O_TRUNC, mode: mode, at: directory.raw)
        let raw = file.raw
        try SystemError.check("fchmod", name) { fchmod(raw, mode) }
        try file.writeAll(Array(text.utf8))
    }
}

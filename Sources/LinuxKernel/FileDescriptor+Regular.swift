package import Glibc

extension FileDescriptor {
    /// Opens a regular file where somebody else may have put anything: links are not followed, pipes not waited for, and what is no
    /// regular file is refused with an error that says so. Otherwise as `open`; mode 0600 unless given.
    package static func openRegular(
        _ path: String, _ flags: CInt, mode: mode_t = 0o600, at directory: CInt = AT_FDCWD
    ) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            let file = try open(path, flags | O_NOFOLLOW | O_NONBLOCK, mode: mode, at: directory)
            guard try file.status().st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "open", errno: ENXIO, arguments: path) }
            return file
        } catch  where [ENXIO, ELOOP, EISDIR, ENODEV].contains(error.errno) {
            throw SystemError(
                call: error.call, errno: error.errno, arguments: error.arguments,
                detail: "a link, pipe, socket or folder lies where a file is expected; remove it")
        }
    }
}

internal import CLinux
internal import Glibc
internal import LinuxKernel

/// Starting processes of containers.
enum ProcessLauncher {
    static func spawn(_ plan: OCIPlan) throws(OCIError) -> Int32 {
        var step = [CChar](repeating: 0, count: 1024)
        let pid = plan.bytes.withUnsafeBytes { kd_oci_spawn($0.baseAddress, $0.count, &step, step.count) }
        let number = errno
        if pid > 0 { return pid }
        let words = String(decoding: step.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let hint = number == EPERM && geteuid() != 0 ? "; an ordinary user's container needs a user namespace of its own" : ""
        throw OCIError(.container, "cannot \(words): \(SystemError(call: "", errno: number).reason)\(hint)")
    }

    /// Keeps signals until they can be passed on to the program that this process stands for; the new process lets them through at its exec.
    static func holdSignals() {
        // All but those of faults, of terminals' job control, and what cannot be held.
        let signals = (1...31).filter { ![4, 5, 7, 8, 9, 11, 13, 19, 20, 21, 22].contains($0) }.map { CInt($0) }
        kd_block_signals(signals, CInt(signals.count))
    }

    /// Waits for a child's end; its wait status.
    @discardableResult
    static func reap(_ pid: Int32) -> CInt {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status
    }

    /// Why a process is gone that said nothing.
    static func died(_ pid: Int32) -> OCIError {
        var status: CInt = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return OCIError(.container, "the container's process stopped speaking before it was ready") }
        let how = status & 0x7f == 0 ? "with status \(status >> 8 & 0xff)" : "by signal \(status & 0x7f); is its memory limit too small?"
        return OCIError(.container, "the container's process ended before it was ready, \(how)")
    }

    /// What only this side may still set: limits and the score.
    static func limit(_ pid: Int32, _ process: ProcessConfiguration, log: OCILog) throws(OCIError) {
        for limit in process.limits {
            let name = ProcessConfiguration.resources[Int(limit.resource)]
            let result = kd_oci_prlimit(pid, limit.resource, limit.soft, limit.hard)
            guard result >= 0 else { throw OCIError(.system, "cannot set \(name) to \(limit.soft):\(limit.hard)", cause: .last("prlimit")) }
            if result > 0 { log.warn("\(name) stays below \(limit.soft):\(limit.hard), as this process may not raise limits (CAP_SYS_RESOURCE)") }
        }
        guard let score = process.outOfMemoryScore else { return }
        do throws(SystemError) { try FileSystem.write("\(score)", to: "/proc/\(pid)/oom_score_adj") } catch {
            let error = OCIError(.system, "cannot set process.oomScoreAdj to \(score)", cause: error)
            guard geteuid() != 0 || UserNamespaceFacts.isInside else { throw error }
            log.warn("\(error)")
        }
    }

    /// Writes a process's number where an engine waits for it, in one step.
    static func writePID(_ pid: Int32, to path: String?) throws(OCIError) {
        guard let path else { return }
        try OCIError.attempt("write the pid file \(path)") { () throws(SystemError) in
            let temporary = "\(FileSystem.directory(of: path))/.\(FileSystem.name(of: path)).\(getpid())"
            try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o644).writeAll(Array("\(pid)".utf8))
            try SystemError.check("rename", path) { Glibc.rename(temporary, path) }
        }
    }

    /// Sends a descriptor of a process to who listens at a Unix socket. Source: crun's annotation run.oci.pidfd_receiver.
    static func hand(_ pid: Int32, to path: String) throws(OCIError) {
        try OCIError.attempt("send the process to \(path), which the annotation run.oci.pidfd_receiver names") { () throws(SystemError) in
            let socket = FileDescriptor(try LaunchHandles.connect(path))
            let process = FileDescriptor(try SystemError.check("pidfd_open", "\(pid)") { kd_pidfd_open(pid) })
            try UnixSocket.send([0], descriptors: [process.raw], to: socket.raw)
        }
    }

    /// What a shell says of how a process ended.
    static func exitCode(_ status: CInt) -> CInt { status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f }
}

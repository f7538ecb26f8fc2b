internal import CLinux
internal import Glibc
internal import LinuxKernel

/// Starts a supervisor and follows it until it is ready or says why not. Blocks.
struct SupervisorLauncher {
    let configuration: NodeSupervisorConfiguration
    let plan: [UInt8]

    func run() throws(RuntimeError) {
        do throws(SystemError) {
            let boot = try FileDescriptor.memory(named: "kdash-boot")
            try boot.writeAll(plan)
            let (ours, theirs) = try UnixSocket.pair(.sequencedPacket)
            let status = FileDescriptor(ours)
            let process = try spawn(boot: boot.raw, status: FileDescriptor(theirs))
            try follow(status.raw, process)
        } catch {
            let isRefused = error.errno == EPERM || error.errno == EACCES || error.errno == ENOSPC
            if configuration.isRootless, isRefused { throw RootlessObstacle.explain(error) }
            throw RuntimeError(.system, "cannot start the node's supervisor", cause: error)
        }
    }

    private func spawn(boot: CInt, status: consuming FileDescriptor) throws(SystemError) -> Spawned {
        let program = FileDescriptor(
            try SystemError.check("seal", configuration.executable) { kd_seal_program(configuration.executable, configuration.runDirectory) })
        let namespaces = KD_CLONE_NEWPID | KD_CLONE_NEWNS | KD_CLONE_NEWNET | KD_CLONE_NEWUTS | KD_CLONE_NEWIPC
        // Rootless, the supervisor makes them itself inside its user namespace.
        let flags = configuration.isRootless ? 0 : UInt64(namespaces)
        var pidfd: CInt = -1
        let raw = status.raw
        let pid = try SystemError.check("clone", configuration.executable) {
            kd_supervisor_spawn(program.raw, boot, raw, flags, &pidfd)
        }
        return Spawned(pid: pid, pidfd: pidfd)
    }

    private struct Spawned {
        let pid: pid_t
        let pidfd: CInt
    }

    private func follow(_ status: CInt, _ process: Spawned) throws(SystemError) {
        defer { _ = close(process.pidfd) }
        while true {
            let message = try UnixSocket.receive(maximum: 4096, from: status)
            for descriptor in message.descriptors { _ = close(descriptor) }
            guard message.bytes.count == MemoryLayout<kd_boot_status>.size else {
                _ = kd_reap_pidfd(process.pidfd)
                throw SystemError(call: "start", errno: ECHILD, arguments: configuration.executable, detail: "the supervisor ended before it was ready")
            }
            var said = message.bytes.withUnsafeBytes { $0.loadUnaligned(as: kd_boot_status.self) }
            switch Int(said.kind) {
            case Int(KD_BOOT_READY):
                // Rootless, this was the parent of pid 1 and has done its part.
                _ = kd_reap_pidfd(process.pidfd)
                return
            case Int(KD_BOOT_NEEDS_MAP):
                try UserNamespaceMap.write(for: process.pid)
                try UnixSocket.send([1], to: status)
            default:
                _ = kd_reap_pidfd(process.pidfd)
                throw SystemError(call: text(&said.step), errno: said.error, arguments: text(&said.path))
            }
        }
    }

    private func text<T>(_ buffer: inout T) -> String {
        withUnsafeBytes(of: &buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

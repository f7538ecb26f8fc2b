internal import CLinux
internal import Glibc
internal import LinuxKernel
internal import Synchronization

extension NodeSupervisor {
    /// The supervisor is the program that `configuration.executable` names now.
    package var isCurrent: Bool { build.withLock { $0 } == configuration.build }

    /// Lets the running supervisor go on as `configuration.executable`, keeping its process id, containers, execs and logs. The new
    /// program says first whether it can: when it refuses, or is none that could, this throws `incompatible` and the old one goes on.
    package func replace() async throws(RuntimeError) {
        let wanted = configuration.build
        let configuration = configuration
        let raw = try await KernelThread.run("kdash-node-files") { () throws(RuntimeError) in
            let raw = kd_seal_program(configuration.executable, configuration.runDirectory)
            if raw < 0 { throw RuntimeError(.system, "cannot open the program", cause: .last("seal", configuration.executable)) }
            return raw
        }
        let program = FileDescriptor(raw)
        do throws(RuntimeError) {
            let reply = try await connection.call(KD_OP_REPLACE, descriptors: [program.raw]) { writer throws(RuntimeError) in
                try writer.text(KD_BUILD, wanted)
            }
            let said = reply.reader.first { $0.isTag(KD_BUILD) }?.text ?? ""
            build.withLock { $0 = said }
        } catch  where error.code != .supervisorLost {
            throw RuntimeError(.incompatible, "the node's supervisor cannot go on as \(configuration.executable)", cause: error.cause)
        }
    }
}

internal import CLinux
internal import Glibc
internal import LinuxKernel

extension NodeSupervisor {
    /// Asks for a process and waits until its program runs, for `launchLimit` at most: a volume that does not answer (FUSE, a network
    /// file system) would hold it for ever. The process is killed then. One that the kernel does not let die is left to the
    /// supervisor, under its id, until the kernel does.
    func launch(_ operation: kd_operation, _ id: String, descriptors: [CInt]) async throws(RuntimeError) -> SupervisorConnection.Reply {
        let request = connection.reserve()
        let (result, isLate) = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.end(late: id, request) }
            let result: Result<SupervisorConnection.Reply, RuntimeError>
            do throws(RuntimeError) {
                result = .success(try await connection.call(operation, request: request, descriptors: descriptors))
            } catch { result = .failure(error) }
            group.cancelAll()
            return (result, await group.next() == true)
        }
        // The supervisor says only that it was killed.
        if isLate, case .failure(let error) = result, error.code != .startError { throw late(id) }
        return try result.get()
    }

    /// Ends the launch when its time is over; false when it was cancelled before that.
    private func end(late id: String, _ request: UInt64) async -> Bool {
        let time = SystemTimeSource()
        do { try await time.sleep(for: configuration.launchLimit) } catch { return false }
        do throws(RuntimeError) {
            try connection.post(KD_OP_KILL) { writer throws(RuntimeError) in try writer.text(KD_ID, id) }
            // What the kernel lets die is gone by then, and the supervisor has answered.
            try? await time.sleep(for: configuration.patience)  // best effort: cancelled by that answer
        } catch {}  // A lost supervisor answers to nobody.
        connection.abandon(request, late(id))
        return true
    }

    private func late(_ id: String) -> RuntimeError {
        let limit = configuration.launchLimit.components.seconds
        return RuntimeError(
            .setupFailed, "\(id): not running after \(limit) s, and killed; see whether a volume of the pod does not answer (its FUSE or network server)")
    }
}

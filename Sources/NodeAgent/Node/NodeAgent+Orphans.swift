import APIMachinery
import ContainerRuntime
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging

/// What is left of pods that are gone.
extension NodeAgent {
    /// Ends what the supervisor still holds of pods that were deleted while no daemon ran, and removes the files of all that are gone.
    func removeOrphans(_ sandboxes: Set<String>, _ known: [String: [ContainerRecord]]) async {
        // Listed before the pods are: what is made meanwhile is of pods that are there.
        let folders = (try? FileSystem.names(in: "\(configuration.paths.own)/pods")) ?? []  // best effort: a node that has just been made has none
        let live = Set(pods.all().map(\.uid))
        var held: Set<String> = []
        for uid in sandboxes.subtracting(live) {
            context.logger.info("removing what is left of a deleted pod", metadata: ["pod": "\(uid)"])
            for record in known[uid] ?? [] {
                try? await context.runtime.kill(record.id)  // best effort: it may have ended
                _ = await isGone(uid) { () async throws(RuntimeError) in try await self.context.runtime.remove(record.id) }
            }
            guard await isGone(uid, { () async throws(RuntimeError) in try await self.context.runtime.removeSandbox(uid) }) else {
                held.insert(uid)
                continue
            }
            await KernelThread.run("kdash-remove") { [cgroups] in
                for kind in [QualityOfService.guaranteed, .burstable, .bestEffort] {
                    if let cgroups { try? cgroups.remove(cgroups.placement(pod: uid, qos: kind)) }  // best effort: they go with the node
                }
            }
            await context.removeFiles(of: uid)
        }
        for uid in Set(folders).subtracting(live).subtracting(held) { await context.removeFiles(of: uid) }
    }

    /// Whether the supervisor lets go of something within five seconds: what was killed takes a moment to end.
    private func isGone(_ uid: String, _ remove: () async throws(RuntimeError) -> Void) async -> Bool {
        for attempt in 0..<50 {
            do throws(RuntimeError) {
                try await remove()
                return true
            } catch {
                if error.code == .notFound { return true }
                if attempt == 49 { context.logger.warning("could not end a deleted pod", metadata: ["pod": "\(uid)", "error": "\(error)"]) }
            }
            do { try await context.time.sleep(for: .milliseconds(100)) } catch { return false }
        }
        return false
    }
}

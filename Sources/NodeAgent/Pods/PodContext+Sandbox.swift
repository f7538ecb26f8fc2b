import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel
import Logging
import PodNetwork

extension PodContext {
    /// Makes the pod's cgroup, namespaces, address and files. False when it failed and is tried again later.
    func createSandbox(_ state: inout PodWorker.State) async -> Bool {
        let pod = state.pod
        let usesHostNetwork = pod.spec.hostNetwork
        do {
            guard pod.sandboxHostname.utf8.count <= 64 else {
                throw ConfigurationError(
                    "Failed to construct FQDN from pod hostname and cluster domain, FQDN \(pod.sandboxHostname) is too long (64 characters is the max, \(pod.sandboxHostname.utf8.count) characters requested)"
                )
            }
            try await checkRuntime(of: pod)
            try checkIsolation(of: pod)
            let address = try usesHostNetwork ? hostIP : network?.reserveAddress(for: pod.object.uid) ?? ""
            if !usesHostNetwork { try await network?.isolate(pod.object) }
            let specification = SandboxSpec(
                id: pod.object.uid, hostname: pod.sandboxHostname, usesHostNetwork: usesHostNetwork,
                usesHostPID: pod.spec.hostPID, usesHostIPC: pod.spec.hostIPC,
                sharesProcessNamespace: pod.spec.shareProcessNamespace, sysctls: sysctls(pod),
                users: pod.hasOwnUsers ? try users.reserve(for: pod.object.uid) : nil)
            let handles = try await freshSandbox(specification)
            if !usesHostNetwork { try network?.connect(pod: pod.object.uid, sandbox: handles) }
            try makeFiles(pod, address: address)
            state.sandbox = PodSandbox(address: address, ownsAddress: !usesHostNetwork && network != nil)
            return true
        } catch {
            let cause = (error as? ConfigurationError)?.message ?? "\(error)"
            fail(&state, ConfigurationError("cannot create the pod's sandbox: \(cause)", reason: "CreatePodSandboxError"))
            // Else a pod that is deleted before the next try would leave its namespaces in the node.
            try? await runtime.removeSandbox(pod.object.uid)  // best effort: it may never have been made
            network?.releaseAddress(of: pod.object.uid)
            return false
        }
    }

    /// A sandbox left by an earlier attempt is replaced.
    private func freshSandbox(_ specification: SandboxSpec) async throws(RuntimeError) -> SandboxHandles {
        do throws(RuntimeError) {
            return try await runtime.createSandbox(specification)
        } catch  where error.code == .alreadyExists {
            try await runtime.removeSandbox(specification.id)
            return try await runtime.createSandbox(specification)
        }
    }

    private func sysctls(_ pod: Pod) -> [String: String] {
        var result = pod.spec.hostNetwork ? [:] : SandboxSpec.defaultSysctls
        for (name, value) in pod.spec.securityContext.sysctls { result[SafeSysctls.normalized(name)] = value }
        return result
    }

    /// What a pod asks of its namespaces and labels that this node cannot give must not be left out in silence.
    private func checkIsolation(of pod: Pod) throws(ConfigurationError) {
        if pod.hasOwnUsers, !runtime.givesUsers {
            throw ConfigurationError(
                "can't set `spec.hostUsers: false`: an ordinary user's node has no users of the machine to give; run `sudo kdash up`, or leave the field out")
        }
        guard pod.hasSELinuxOptions else { return }
        if SecurityModules.ofHost.hasSELinux {
            throw ConfigurationError("the node sets no SELinux labels and the machine enforces them; leave seLinuxOptions out")
        }
        events.record(
            .warning, reason: "SELinuxNotEnforced", "seLinuxOptions have no effect: SELinux is not enabled on the machine", about: pod.object)
    }

    private func makeFiles(_ pod: Pod, address: String) throws(SystemError) {
        let etc = try SafeDirectory.make(paths.relative(paths.pod(pod.object.uid) + "/etc"), below: paths.data, mode: 0o755)
        var files = PodFiles(pod: pod, podIP: address, resolver: resolver, clusterDNS: clusterDNS)
        if pod.spec.hostNetwork {
            let bytes = try? node.read("/etc/hosts", limit: 1 << 20)  // best effort: a node without one has only localhost
            files.nodeHosts = bytes.map { String(decoding: $0, as: UTF8.self) }
        }
        try files.write(to: etc)
    }

    /// Gives back what `createSandbox` took. Files and logs stay until the pod is deleted; those of an evicted pod go, but for its logs.
    func removeSandbox(_ state: inout PodWorker.State) async {
        let uid = state.pod.object.uid
        for history in state.histories.values {
            guard let id = history.current?.id else { continue }
            try? await runtime.remove(id)  // best effort: already forgotten
            await removeCgroup(of: id, state.pod)
        }
        var isGone = true
        do throws(RuntimeError) { try await runtime.removeSandbox(uid) } catch  where error.code != .notFound {
            isGone = false
            logger.warning("could not remove a sandbox", metadata: ["pod": "\(uid)", "error": "\(error)"])
        } catch {}  // It was gone already.
        if isGone, state.settled != nil || state.pod.isTerminated { users.giveBack(uid) }
        network?.releaseAddress(of: uid)
        if let cgroups {
            let placement = cgroups.placement(pod: uid, qos: QualityOfService(PodResources(state.pod.spec).qosClass))
            do throws(RuntimeError) {
                try await KernelThread.run("kdash-cgroup") { () throws(RuntimeError) in try cgroups.remove(placement) }
            } catch {
                logger.warning("could not remove a pod's cgroup", metadata: ["pod": "\(uid)", "error": "\(error)"])
            }
        }
        await unmountVolumes(&state)
        state.sandbox = nil
        if state.isEvicted { await removeFiles(of: uid) }
    }

    /// Removes the files of a pod that is gone, or was ended since the disk is short; its users are another's only then. What stays is tried again by
    /// the next daemon.
    func removeFiles(of uid: String) async {
        let path = paths.pod(uid)
        do throws(SystemError) {
            try await KernelThread.run("kdash-remove") { () throws(SystemError) in try FileSystem.removeTree(path) }
            users.release(uid)
        } catch {
            logger.warning("could not remove a pod's files", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }

    /// Marks every container that is not running as waiting for the same reason, and tries again later.
    private func fail(_ state: inout PodWorker.State, _ error: ConfigurationError) {
        logger.warning("pod cannot start", metadata: ["pod": "\(state.pod.object.name)", "error": "\(error.message)"])
        events.record(.warning, reason: "FailedCreatePodSandBox", error.message, about: state.pod.object)
        state.sandboxBackOff.failed()
        state.sandboxRetryAt = time.monotonic() + state.sandboxBackOff.retryDelay
        for container in state.pod.spec.containers {
            var history = state.histories[container.name] ?? ContainerHistory()
            history.waiting = .init(reason: error.reason, message: error.message)
            state.histories[container.name] = history
        }
    }
}

extension Pod {
    /// Whether its users are none of the node's. Source: PodSpec.hostUsers.
    var hasOwnUsers: Bool { spec.hostUsers == false }

    /// Whether any part of the pod asks for SELinux labels.
    var hasSELinuxOptions: Bool {
        ([spec.value["securityContext"]] + allContainers.map { $0.value["securityContext"] }).contains {
            $0?["seLinuxOptions"]?.objectValue?.isEmpty == false
        }
    }
}

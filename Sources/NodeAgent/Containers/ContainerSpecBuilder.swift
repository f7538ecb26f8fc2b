import APIMachinery
import ContainerImages
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel

/// Computes what the runtime is asked to start from a pod, one of its containers and its image. Does no I/O but reading the image's users.
struct ContainerSpecBuilder: Sendable {
    let pod: Pod
    let container: Container
    let image: Image
    let attempt: Int
    let paths: NodePaths
    /// Resolved values of `env` and `envFrom`, in order; see `EnvironmentBuilder`.
    let environment: [(name: String, value: String)]
    let cgroup: CgroupPlacement
    let oomScoreAdjust: Int32
    let log: LogSettings
    /// What this machine can confine containers with.
    let appArmor: AppArmor.Support
    /// What the claims of the pod's volumes stand for, by volume; not needed for a process alone.
    var claimed: [String: ClaimedVolume] = [:]

    /// Sizes of one container instance's log.
    struct LogSettings: Sendable, Hashable {
        var maximumSize: ByteCount = .mebibytes(10)
        var maximumFiles = 5
    }

    func build() throws(ConfigurationError) -> ContainerSpec {
        let uid = pod.object.uid
        let id = ContainerID(podUID: uid, container: container.name, attempt: attempt).string
        let procMount = container.securityContext.procMount
        guard procMount == "Default" || procMount == "Unmasked" && pod.hasOwnUsers else {
            throw ConfigurationError(
                "container \(container.name): procMount \(procMount) needs users of the pod's own; set `hostUsers: false` in its spec, or leave it out",
                reason: "CreateContainerError")
        }
        let instance = paths.instance(uid, container.name, attempt)
        let logDirectory = paths.logs.path(
            namespace: pod.object.namespace ?? "default", pod: pod.object.name, uid: uid, container: container.name)
        return ContainerSpec(
            id: id, sandboxID: uid, layers: image.layerDirectories.map(paths.node), upperDirectory: paths.node("\(instance)/upper"),
            workDirectory: paths.node("\(instance)/work"), hasReadOnlyRoot: security["readOnlyRootFilesystem"]?.boolValue ?? false,
            process: try process(), mounts: try mounts(instance: instance), cgroup: cgroup,
            log: LogSpec(
                path: paths.node("\(logDirectory)/\(attempt).log"), maximumSize: log.maximumSize, maximumFiles: log.maximumFiles),
            hasOpenInput: container.value["stdin"]?.boolValue ?? false, isPrivileged: isPrivileged, isUnmasked: procMount == "Unmasked")
    }

    // MARK: Security context

    private var security: JSONValue { container.value["securityContext"] ?? .object([:]) }
    private var podSecurity: JSONValue { pod.spec.value["securityContext"] ?? .object([:]) }
    private var isPrivileged: Bool { security["privileged"]?.boolValue ?? false }

    private func inherited(_ field: String) -> JSONValue? { security[field] ?? podSecurity[field] }

    /// What exec runs with: the container's own settings.
    func process() throws(ConfigurationError) -> ProcessSpec {
        let user = try resolvedUser()
        let groups = supplementalGroups(user)
        try checkMapped(user, groups)
        var variables = environment
        if !variables.contains(where: { $0.name == "HOME" }) { variables.append(("HOME", user.home)) }
        if !variables.contains(where: { $0.name == "PATH" }) {
            variables.insert(("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), at: 0)
        }
        if !variables.contains(where: { $0.name == "HOSTNAME" }) { variables.append(("HOSTNAME", pod.hostname)) }
        if hasTerminal, !variables.contains(where: { $0.name == "TERM" }) { variables.append(("TERM", "xterm")) }
        let workingDirectory = container.value["workingDir"]?.stringValue ?? (image.config.workingDir.isEmpty ? "/" : image.config.workingDir)
        return ProcessSpec(
            arguments: try arguments(), environment: variables.map { "\($0.name)=\($0.value)" }, workingDirectory: workingDirectory,
            user: ProcessUser(uid: user.uid, gid: user.gid, supplementalGroups: groups),
            capabilities: try capabilities(),
            noNewPrivileges: security["allowPrivilegeEscalation"]?.boolValue == false,
            seccomp: try seccomp(), appArmorProfile: try AppArmorChoice(of: container, in: pod).profile(isPrivileged: isPrivileged, support: appArmor),
            oomScoreAdjust: oomScoreAdjust, hasTerminal: hasTerminal)
    }

    /// Privileged containers have no filter, whatever profile is named. Source: containerd's generateSeccompSpecOpts.
    private func seccomp() throws(ConfigurationError) -> SeccompPolicy {
        if isPrivileged { return .unconfined }
        let profile = container.securityContext.seccompProfile ?? pod.spec.securityContext.seccompProfile
        switch profile?.type ?? "RuntimeDefault" {
        case "RuntimeDefault": return .runtimeDefault
        case "Unconfined": return .unconfined
        case "Localhost":
            let file = profile?.localhostProfile ?? ""
            do throws(SeccompProfileFile.Failure) {
                return .program(try SeccompProfileFile(name: file, paths: paths).program())
            } catch {
                throw ConfigurationError("container \(container.name): \(error.message)", reason: "CreateContainerError")
            }
        case let other:
            throw ConfigurationError(
                "container \(container.name): seccomp profile type \(other) is none of RuntimeDefault, Localhost and Unconfined",
                reason: "CreateContainerError")
        }
    }

    private var hasTerminal: Bool { container.value["tty"]?.boolValue ?? false }

    private func capabilities() throws(ConfigurationError) -> Capabilities {
        if isPrivileged { return .all }
        let add = security["capabilities"]?["add"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let drop = security["capabilities"]?["drop"]?.arrayValue?.compactMap(\.stringValue) ?? []
        do throws(RuntimeError) {
            return try Capabilities.containerDefault.applying(add: add, drop: drop)
        } catch {
            throw ConfigurationError("container \(container.name): \(error.message)", reason: "CreateContainerError")
        }
    }

    private func resolvedUser() throws(ConfigurationError) -> ImageUser.Resolved {
        let user: ImageUser.Resolved
        do throws(ImageUser.Failure) {
            user = try ImageUser.resolve(
                image.config.user, uid: inherited("runAsUser")?.integerValue, gid: inherited("runAsGroup")?.integerValue,
                layers: image.layerDirectories.map(paths.relative), below: paths.data)
        } catch {
            throw ConfigurationError("container \(container.name): \(error.message)")
        }
        if inherited("runAsNonRoot")?.boolValue == true, user.uid == 0 {
            throw ConfigurationError(
                "container has runAsNonRoot and image will run as root (container: \(container.name)); set runAsUser to a user other than 0")
        }
        return user
    }

    /// A pod with users of its own has no others than those.
    private func checkMapped(_ user: ImageUser.Resolved, _ groups: [UInt32]) throws(ConfigurationError) {
        guard pod.hasOwnUsers, let foreign = ([user.uid, user.gid] + groups).first(where: { $0 >= HostIDRange.length }) else { return }
        throw ConfigurationError(
            "container \(container.name) runs as user or group \(foreign), but a pod with `hostUsers: false` has only 0 to \(HostIDRange.length - 1); "
                + "use a smaller one, or leave hostUsers out",
            reason: "CreateContainerError")
    }

    private func supplementalGroups(_ user: ImageUser.Resolved) -> [UInt32] {
        // Strict: what the image's group file says does not count.
        var groups = podSecurity["supplementalGroupsPolicy"]?.stringValue == "Strict" ? [] : user.groups
        let named = podSecurity["supplementalGroups"]?.arrayValue?.compactMap(\.integerValue) ?? []
        for group in named + [podSecurity["fsGroup"]?.integerValue].compactMap({ $0 }) {
            guard let group = UInt32(exactly: group), !groups.contains(group) else { continue }
            groups.append(group)
        }
        return groups
    }

    // MARK: Command

    private func arguments() throws(ConfigurationError) -> [String] {
        let variables = Dictionary(environment.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
        let command = container.command.map { VariableExpansion.expand($0, with: variables) }
        let args = container.args.map { VariableExpansion.expand($0, with: variables) }
        let entry = command.isEmpty ? image.config.entrypoint : command
        let rest = !args.isEmpty ? args : command.isEmpty ? image.config.cmd : []
        guard !(entry + rest).isEmpty else {
            throw ConfigurationError(
                "container \(container.name): image \(container.image) names no program; set command", reason: "CreateContainerError")
        }
        return entry + rest
    }

    // MARK: Mounts

    private func mounts(instance: String) throws(ConfigurationError) -> [Mount] {
        let etc = paths.node("\(paths.pod(pod.object.uid))/etc")
        var own = ["hosts", "hostname", "resolv.conf"].map { Mount(source: "\(etc)/\($0)", target: "/etc/\($0)") }
        own.append(Mount(source: paths.node("\(instance)/termination-log"), target: container.terminationMessagePath))
        var wanted: [Mount] = []
        for mount in container.volumeMounts { wanted.append(try volumeMount(mount)) }
        let taken = Set(wanted.map(\.target))
        return own.filter { !taken.contains($0.target) } + wanted.sorted { $0.target.utf8.count < $1.target.utf8.count }
    }

    private func volumeMount(_ mount: VolumeMount) throws(ConfigurationError) -> Mount {
        let volume = try volume(of: mount)
        guard mount.mountPath.hasPrefix("/") else {
            throw ConfigurationError("container \(container.name): mountPath \(mount.mountPath) must be absolute")
        }
        let location: VolumeLocation
        do throws(VolumeProblem) {
            location = try VolumeLocation(volume, pod: pod, paths: paths, claimed: claimed[volume.name])
        } catch {
            throw ConfigurationError("volume \(volume.name): \(error.message)")
        }
        return Mount(
            source: location.nodePath, subPath: try subPath(of: mount), target: mount.mountPath, isReadOnly: mount.readOnly || location.isReadOnly,
            isReadOnlyBelow: location.isReadOnly || mount.readOnly && mount.recursiveReadOnly != "Disabled",
            propagation: try propagation(of: mount), creation: location.creation, requiredType: location.requiredType, isMapped: location.isMapped)
    }

    private func propagation(of mount: VolumeMount) throws(ConfigurationError) -> Mount.Propagation {
        switch mount.mountPropagation {
        case "HostToContainer": return .fromNode
        case "Bidirectional":
            guard isPrivileged else {
                throw ConfigurationError(
                    "container \(container.name): Bidirectional mount propagation of \(mount.mountPath) is available only to privileged containers",
                    reason: "CreateContainerError")
            }
            guard !pod.hasOwnUsers else {
                throw ConfigurationError(
                    "container \(container.name): what a pod with `hostUsers: false` mounts stays in it; use mountPropagation HostToContainer for \(mount.mountPath)",
                    reason: "CreateContainerError")
            }
            return .both
        default: return .private
        }
    }

    private func volume(of mount: VolumeMount) throws(ConfigurationError) -> Volume {
        guard let volume = pod.spec.volumes.first(where: { $0.name == mount.name }) else {
            throw ConfigurationError("container \(container.name) mounts volume \(mount.name), which the pod does not have")
        }
        return volume
    }

    /// The volumes of which only a part is mounted, with that part.
    func subPaths() throws(ConfigurationError) -> [(volume: Volume, subPath: String)] {
        var result: [(volume: Volume, subPath: String)] = []
        for mount in container.volumeMounts {
            let subPath = try subPath(of: mount)
            if !subPath.isEmpty { result.append((try volume(of: mount), subPath)) }
        }
        return result
    }

    /// `subPath`, or `subPathExpr` with the container's variables in it.
    private func subPath(of mount: VolumeMount) throws(ConfigurationError) -> String {
        var subPath = mount.subPath
        if !mount.subPathExpr.isEmpty {
            let variables = Dictionary(environment.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
            guard let expanded = VariableExpansion.expandAll(mount.subPathExpr, with: variables) else {
                throw ConfigurationError("missing value in subPathExpr `\(mount.subPathExpr)` of volumeMount \(mount.name)")
            }
            subPath = expanded
        }
        guard !subPath.hasPrefix("/") else { throw ConfigurationError("error SubPath `\(subPath)` must not be an absolute path") }
        guard !subPath.split(separator: "/").contains("..") else {
            throw ConfigurationError("unable to provision SubPath `\(subPath)`: must not contain '..'")
        }
        return subPath
    }
}

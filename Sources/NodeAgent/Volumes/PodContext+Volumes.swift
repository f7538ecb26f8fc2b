import APIMachinery
import ContainerRuntime
import Glibc
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging

extension PodContext {
    /// Makes what the pod's volumes hold. When something fails the state says when it is tried again.
    func mountVolumes(_ state: inout PodWorker.State) async {
        followObjects(of: state.pod, inbox: state.inbox)
        for volume in state.pod.spec.volumes {
            do throws(VolumeProblem) {
                try await mount(volume, &state)
            } catch {
                volumesFailed(volume, error, &state)
                return
            }
        }
        state.volumes.failures = 0
        state.volumes.lastProblem = ""
        state.volumeProgress = .mounted
    }

    /// Brings the files of mounted volumes up to date; what fails keeps its last content.
    func refreshVolumes(_ state: inout PodWorker.State) async {
        for volume in state.pod.spec.volumes {
            do throws(VolumeProblem) {
                guard volume.projectsFiles else { continue }
                try await writeFiles(volume, &state)
            } catch {
                // A ConfigMap that was deleted leaves its last content, as with the kubelet.
                volumeEvent(volume, error, &state)
            }
        }
    }

    private func volumesFailed(_ volume: Volume, _ problem: VolumeProblem, _ state: inout PodWorker.State) {
        volumeEvent(volume, problem, &state)
        state.volumes.failures += 1
        state.volumeProgress = .failed(retryAt: problem.waitsForObject ? nil : time.monotonic() + state.volumes.retryDelay)
    }

    private func volumeEvent(_ volume: Volume, _ problem: VolumeProblem, _ state: inout PodWorker.State) {
        let text = "MountVolume.SetUp failed for volume \"\(volume.name)\" : \(problem.message)"
        guard text != state.volumes.lastProblem else { return }
        state.volumes.lastProblem = text
        events.record(.warning, reason: "FailedMount", text, about: state.pod.object)
        logger.info("volume is not ready", metadata: ["pod": "\(state.pod.name)", "error": "\(text)"])
    }

    /// Asks to be told when an object changes that the pod uses.
    func followObjects(of pod: Pod, inbox: PodInbox) {
        objects.follow(pod.referencedObjects, user: pod.uid) { [weak inbox] in inbox?.put { $0.objectsChanged = true } }
    }

    // MARK: One volume

    private func mount(_ volume: Volume, _ state: inout PodWorker.State) async throws(VolumeProblem) {
        if volume.claimName(of: state.pod) != nil { return try await mountClaim(volume, &state) }
        if volume.imageReference != nil { return try await mountImage(volume, &state) }
        let location = try VolumeLocation(volume, pod: state.pod, paths: paths)
        switch location.kind {
        case .emptyDirectory: try makeEmptyDirectory(volume, state.pod)
        case .memory(let size):
            try makeEmptyDirectory(volume, state.pod)
            do throws(SystemError) {
                try await mountOnce(volume, at: location.nodePath, &state) { tree, path throws(SystemError) in
                    try await tree.mountMemory(at: path, size: size)
                }
            } catch {
                // Without the right to mount in the node (an ordinary user's), the directory on disk serves.
                logger.info("memory volume is on disk", metadata: ["pod": "\(state.pod.name)", "volume": "\(volume.name)", "error": "\(error)"])
            }
        case .hugePages(let pageSize, let limit):
            try makeEmptyDirectory(volume, state.pod)
            do throws(SystemError) {
                try await mountOnce(volume, at: location.nodePath, &state) { tree, path throws(SystemError) in
                    try await tree.mountHugePages(at: path, pageSize: pageSize, limit: limit)
                }
            } catch {
                let sizes = HugePages.sizes.map { HugePageResource.text($0) }.joined(separator: ", ")
                throw VolumeProblem(
                    message: "cannot prepare huge pages of \(HugePageResource.text(pageSize)): \(error); the machine has pages of \(sizes) for nodes of root")
            }
        case .files: try await writeFiles(volume, &state)
        case .nodePath:
            try checkNodePath(location)
            tellOfEmptyFolder(volume, location, state.pod)
        }
    }

    private func relativePath(_ volume: Volume, _ pod: Pod) -> String { paths.relative(paths.volume(pod.uid, volume.name)) }

    func makeEmptyDirectory(_ volume: Volume, _ pod: Pod) throws(VolumeProblem) {
        do throws(SystemError) {
            let parent = try SafeDirectory.make(paths.relative("\(paths.pod(pod.uid))/volumes"), below: paths.data, mode: 0o755)
            let parentRaw = parent.raw
            // Made once: what containers did to it stays.
            guard mkdirat(parentRaw, volume.name, 0o777) == 0 else {
                if errno == EEXIST { return }
                throw .last("mkdirat", volume.name)
            }
            let directory = try SafeDirectory.make(relativePath(volume, pod), below: paths.data, mode: 0o777)
            let raw = directory.raw
            let group = pod.fsGroup
            if let group, fchown(raw, uid_t.max, group) != 0, errno != EPERM { throw .last("fchown", "\(group)") }
            try SystemError.check("fchmod", volume.name) { fchmod(raw, group == nil ? 0o777 : 0o2777) }
        } catch {
            throw VolumeProblem(message: "\(error)")
        }
    }

    /// Mounts what lies in memory; a daemon that took the pod over finds it mounted.
    private func mountOnce(
        _ volume: Volume, at path: String, _ state: inout PodWorker.State, _ mount: (NodeTree, String) async throws(SystemError) -> Void
    ) async throws(SystemError) {
        guard !state.volumes.memory.contains(volume.name) else { return }
        let above = try node.open(FileSystem.directory(of: path)).status().st_dev
        if try node.open(path).status().st_dev == above { try await mount(node, path) }
        if let group = state.pod.fsGroup { try await node.own(path, group: group) }
        state.volumes.memory.insert(volume.name)
    }

    /// A folder that is made empty in the node, although the machine has one there, is hardly what was meant.
    private func tellOfEmptyFolder(_ volume: Volume, _ location: VolumeLocation, _ pod: Pod) {
        // best effort: it is advice.
        guard location.creation == .directory, let hint = location.shareHint, (try? node.fileType(location.nodePath)) == .some(nil) else { return }
        events.record(
            .warning, reason: "EmptyHostPath", "hostPath volume \"\(volume.name)\" is a new, empty directory\(hint)", about: pod.object)
    }

    func checkNodePath(_ location: VolumeLocation) throws(VolumeProblem) {
        guard location.requiredType != nil else { return }
        let found: mode_t?
        do throws(SystemError) {
            found = try node.fileType(location.nodePath)
        } catch {
            return  // The supervisor checks again when it mounts; only the event is less precise.
        }
        if let complaint = location.complaint(found: found) { throw VolumeProblem(message: complaint) }
    }

    private func writeFiles(_ volume: Volume, _ state: inout PodWorker.State) async throws(VolumeProblem) {
        let pod = state.pod
        var found: [ObjectCache.Key: KubeObject] = [:]
        do throws(APIStatus) {
            for key in volume.referencedObjects(namespace: pod.namespace ?? "default") {
                if let object = try await objects.object(key) { found[key] = object }
            }
        } catch {
            throw VolumeProblem(message: error.message)
        }
        let tokens = try await self.tokens(of: volume, &state)
        let files = try ProjectedFiles(
            pod: pod, fields: fields(of: pod, podIP: state.sandbox?.address ?? ""), objects: found, tokens: tokens
        ).files(of: volume)
        guard state.volumes.written[volume.name] != files else { return }
        do throws(SystemError) {
            try AtomicVolume(base: paths.data, path: relativePath(volume, pod), group: pod.fsGroup).write(files, now: time.now())
        } catch {
            throw VolumeProblem(message: "\(error)")
        }
        state.volumes.written[volume.name] = files
    }

    /// The tokens of a volume's sources, new ones where they are missing or old.
    private func tokens(of volume: Volume, _ state: inout PodWorker.State) async throws(VolumeProblem) -> [Int: String] {
        var result: [Int: String] = [:]
        for (index, source) in (volume.projected?.sources ?? []).enumerated() {
            guard let wanted = source.serviceAccountToken else { continue }
            let place = PodVolumes.TokenPlace(volume: volume.name, source: index)
            let known = state.volumes.tokens[place]
            if let known, known.refreshAt > time.now() {
                result[index] = known.text
                continue
            }
            do throws(VolumeProblem) {
                let token = try await ServiceAccountTokens(client: client, time: time).request(wanted, for: state.pod)
                state.volumes.tokens[place] = token
                result[index] = token.text
            } catch {
                guard var known else { throw error }
                // The old one is good for a while: asked again soon.
                logger.warning("could not replace a service account token", metadata: ["pod": "\(state.pod.name)", "error": "\(error.message)"])
                known.refreshAt = time.now().advanced(by: .seconds(30))
                state.volumes.tokens[place] = known
                result[index] = known.text
            }
        }
        return result
    }

    /// Gives memory back and ends the following of objects. Files stay until the pod is deleted.
    func unmountVolumes(_ state: inout PodWorker.State) async {
        objects.follow([], user: state.pod.uid) {}
        state.volumes.tokens = [:]
        for volume in state.pod.spec.volumes {
            guard volume.imageReference != nil || volume.emptyDir?.medium.isEmpty == false else { continue }
            do throws(SystemError) {
                try await node.unmount(at: paths.node(paths.volume(state.pod.uid, volume.name)))
            } catch {
                logger.debug("could not unmount a volume", metadata: ["pod": "\(state.pod.name)", "error": "\(error)"])
            }
        }
        state.volumes.memory = []
        state.volumes.claimed = [:]
    }

    // MARK: subPath

    /// Makes the directories of `subPath` in a volume where they are missing, as the kubelet does, without leaving the volume.
    func makeSubPath(_ subPath: String, in volume: Volume, _ pod: Pod, claimed: ClaimedVolume?) throws(ConfigurationError) {
        do {
            let location = try VolumeLocation(volume, pod: pod, paths: paths, claimed: claimed)
            guard !location.isReadOnly else { return }
            if case .nodePath = location.kind, try node.fileType(location.nodePath) == nil { return }
            let root = try node.open(location.nodePath)
            // Source: the kubelet gives them the mode of the volume.
            try SafeDirectory.makeInside(root, subPath, mode: try root.status().st_mode & 0o7777)
        } catch let error as SystemError where error.errno == EACCES || error.errno == EPERM {
            return  // An ordinary user's node cannot be entered; the supervisor tells when the directory is missing.
        } catch {
            throw ConfigurationError("failed to prepare subPath \(subPath) of volume \(volume.name): \(error)")
        }
    }
}

extension Volume {
    /// The objects that this volume names.
    func referencedObjects(namespace: String) -> [ObjectCache.Key] {
        var keys: [ObjectCache.Key] = []
        if let source = configMap { keys.append(.configMap(namespace, source.objectName)) }
        if let source = secret { keys.append(.secret(namespace, source.objectName)) }
        for source in projected?.sources ?? [] {
            if let inner = source.configMap { keys.append(.configMap(namespace, inner.objectName)) }
            if let inner = source.secret { keys.append(.secret(namespace, inner.objectName)) }
        }
        return keys
    }
}

extension Pod {
    /// The group that owns the pod's volumes; nil for none.
    var fsGroup: UInt32? { spec.securityContext.fsGroup.flatMap { UInt32(exactly: $0) } }
}

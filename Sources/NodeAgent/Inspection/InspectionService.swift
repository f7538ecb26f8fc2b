import APIMachinery
import CLinux
import ContainerImages
import ContainerRuntime
import Glibc
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization

/// Looks into containers for the API: files through their roots, processes and sockets through the machine's /proc.
final class InspectionService: ContainerInspection {
    private let context: PodContext
    private let pods: Informer
    private let running: RunningAttempts
    /// What runs now: a file system in a container may never answer, and each such look holds a thread.
    private let busy = Mutex(0)
    private static let maximumBusy = 32
    /// Larger files are not taken.
    private static let maximumUpload: Int64 = 1 << 30

    init(context: PodContext, pods: Informer, running: RunningAttempts) {
        self.context = context
        self.pods = pods
        self.running = running
    }

    func holds(_ target: ContainerTarget) -> Bool { pods.get(namespace: target.namespace, name: target.pod) != nil }

    func imageUsers() async -> [String: [String]] {
        let (pods, images) = (pods.all(), context.images)
        return await KernelThread.run("kdash-images") {
            var users: [String: [String]] = [:]
            for object in pods {
                let pod = Pod(object)
                for volume in pod.spec.volumes {
                    // best effort: what cannot be found is used by nobody.
                    guard let name = volume.imageReference, let found = try? images.resolve(name) else { continue }
                    users["\(found.id)", default: []].append("\(object.namespace ?? "")/\(object.name)/\(volume.name)")
                }
                let statuses = pod.status.containerStatuses + pod.status.initContainerStatuses + pod.status.ephemeralContainerStatuses
                for container in pod.allContainers {
                    // What it was made from, also when that name means another image by now, and what it would be made from next.
                    let made = statuses.first { $0.name == container.name }?.imageID ?? ""
                    let found = [container.image, made].filter { !$0.isEmpty }.compactMap { name in
                        // best effort: what cannot be found is used by nobody.
                        (try? images.resolve(name))?.map { "\($0.id)" }
                    }
                    for id in Set(found) { users[id, default: []].append("\(object.namespace ?? "")/\(object.name)/\(container.name)") }
                }
            }
            return users
        }
    }

    func list(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) -> ContainerListing {
        let place = try await place(target)
        return try await blocking { () throws(APIStatus) in try ContainerFiles.list(try place.root(), path) }
    }

    func read(_ target: ContainerTarget, path: FilePath, offset: Int64, limit: Int) async throws(APIStatus) -> ContainerFilePart {
        let place = try await place(target)
        return try await blocking { () throws(APIStatus) in try ContainerFiles.read(try place.root(), path, offset: offset, limit: limit) }
    }

    func write(
        _ target: ContainerTarget, path: FilePath, ifVersion: String?, isExecutable: Bool, body: any ByteSource
    ) async throws(APIStatus) -> ContainerFile {
        let place = try await place(target)
        guard place.pid != nil else { throw .badRequest("container \(target.container) of pod \(target.pod) does not run: its files can only be read") }
        let content = try await receive(body)
        let change = ContainerFiles.Change(path: path, ifVersion: ifVersion, isExecutable: isExecutable)
        return try await blocking { () throws(APIStatus) in
            try ContainerFiles.write(try place.root(), change, from: content.file)
        }
    }

    func makeDirectory(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) {
        let place = try await place(target)
        guard place.pid != nil else { throw .badRequest("container \(target.container) of pod \(target.pod) does not run: its files can only be read") }
        try await blocking { () throws(APIStatus) in try ContainerFiles.makeDirectory(try place.root(), path) }
    }

    func processes(_ target: ContainerTarget) async throws(APIStatus) -> ContainerProcesses {
        let place = try await place(target)
        return try await blocking { () throws(APIStatus) in
            let entries = try place.entries()
            return ContainerProcesses(
                processes: entries.prefix(ContainerProcesses.maximumCount).map(\.process), isCut: entries.count > ContainerProcesses.maximumCount)
        }
    }

    func signal(_ target: ContainerTarget, process: Int32, startedTicks: UInt64, signal: Int32) async throws(APIStatus) {
        guard (1...64).contains(signal) else { throw .badRequest("\(signal) is no signal: they are 1 to 64") }
        let place = try await place(target)
        try await blocking { () throws(APIStatus) in
            guard let entry = try place.entries().first(where: { $0.process.pid == process && $0.process.startedTicks == startedTicks }) else {
                throw APIStatus(code: 404, reason: .notFound, message: "process \(process) has ended; another one may have its number now")
            }
            try place.table().signal(entry, signal)
        }
    }

    func sockets(_ target: ContainerTarget) async throws(APIStatus) -> ContainerSockets {
        let place = try await place(target)
        return try await blocking { () throws(APIStatus) in SocketTable.read(of: try place.first(), try place.entries()) }
    }

    // MARK: Which container

    private func place(_ target: ContainerTarget) async throws(APIStatus) -> ContainerPlace {
        guard let object = pods.get(namespace: target.namespace, name: target.pod), target.podUID == nil || target.podUID == object.uid else {
            throw .notFound(GroupResource(group: "", resource: "pods"), target.pod)
        }
        let pod = Pod(object)
        guard let container = pod.allContainers.first(where: { $0.name == target.container }) else {
            throw .badRequest("container \(target.container) is not valid for pod \(target.pod)")
        }
        if let attempt = running.attempt(podUID: pod.uid, container: container.name) {
            let id = ContainerID(podUID: pod.uid, container: container.name, attempt: attempt).string
            let cgroup = context.cgroups == nil ? nil : "/" + context.placement(of: id, pod).path
            // Held before it is asked for again: so the number is known to mean it.
            if let pid = try await process(id), let handle = try? ProcessHandle(pid), try await process(id) == pid {
                return ContainerPlace(target: target, pid: pid, handle: handle, cgroup: cgroup, layers: [], mount: "")
            }
        }
        return try await ended(target, pod, container)
    }

    /// The first process of a container that runs.
    private func process(_ id: String) async throws(APIStatus) -> Int32? {
        do throws(RuntimeError) {
            for record in try await context.runtime.list() where record.id == id {
                if case .running(let pid) = record.state { return pid }
            }
            return nil
        } catch {
            throw .serviceUnavailable("the node does not answer: \(error.message)")
        }
    }

    /// The files of the container's last instance, which stay until the next one has started.
    private func ended(_ target: ContainerTarget, _ pod: Pod, _ container: Container) async throws(APIStatus) -> ContainerPlace {
        let missing = APIStatus.badRequest("container \(target.container) of pod \(target.pod) does not run, and nothing is left of its files")
        let paths = context.paths
        let image: Image?
        do throws(ImageError) { image = try context.images.resolve(container.image) } catch { throw .badRequest("\(error)") }
        guard let image else { throw .badRequest("the image \(container.image) of the container was removed, and its files with it") }
        let home = paths.container(pod.uid, container.name)
        // best effort: a container that never ran has left nothing.
        let names = await KernelThread.run("kdash-files") { (try? FileSystem.names(in: home)) ?? [] }
        guard let attempt = names.compactMap({ Int($0) }).max() else { throw missing }
        let instance = paths.instance(pod.uid, container.name, attempt)
        return ContainerPlace(
            target: target, pid: nil, handle: nil, cgroup: nil, layers: ["\(instance)/upper"] + image.layerDirectories, mount: "\(instance)/work")
    }

    // MARK: Work

    /// Takes a body to a file of nobody else's.
    private func receive(_ body: any ByteSource) async throws(APIStatus) -> UploadFile {
        let file: UploadFile
        do throws(SystemError) { file = try UploadFile(in: context.paths.data) } catch { throw .internalError("\(error)") }
        while let bytes = try await body.next(maximum: 1 << 20) {
            guard file.count + Int64(bytes.count) <= Self.maximumUpload else {
                throw .tooLarge("a file of more than \(Self.maximumUpload >> 20) MiB is not taken; use kubectl cp")
            }
            do throws(SystemError) {
                try await KernelThread.run("kdash-files") { () throws(SystemError) in try file.append(bytes) }
            } catch {
                throw error.fileStatus
            }
        }
        return file
    }

    private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws(APIStatus) -> Value) async throws(APIStatus) -> Value {
        let isAdmitted = busy.withLock { busy in
            guard busy < Self.maximumBusy else { return false }
            busy += 1
            return true
        }
        guard isAdmitted else { throw .tooManyRequests("\(Self.maximumBusy) containers are being looked into, and none has answered yet") }
        defer { busy.withLock { $0 -= 1 } }
        return try await KernelThread.run("kdash-files", body)
    }
}

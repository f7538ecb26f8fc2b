import APIMachinery
import Glibc
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import Synchronization

/// Keeps a pod in the API for every file of the manifest folder, which the node then runs as any other.
///
/// Level-triggered: a file that changes, or a pod of one that changes or goes, leads to a look at all of them. Whoever deletes such a pod gets
/// it again. Nothing runs while nothing changes.
final class StaticPods: Sendable {
    private let folder: String
    private let nodeName: String
    private let client: KubeClient
    private let pods: Informer
    private let nodes: Informer
    private let watcher: FileWatcher
    private let time: any TimeSource
    private let logger: Logger
    private let news = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let told = Mutex<[StaticPodProblem]>([])

    /// Editors write a file in several steps.
    private static let pause: Duration = .milliseconds(100)
    /// No manifest is larger.
    private static let limit = 1 << 20

    init(folder: String, nodeName: String, client: KubeClient, pods: Informer, nodes: Informer, watcher: FileWatcher, time: any TimeSource, logger: Logger) {
        self.folder = folder
        self.nodeName = nodeName
        self.client = client
        self.pods = pods
        self.nodes = nodes
        self.watcher = watcher
        self.time = time
        self.logger = logger
    }

    /// What keeps files from having their pods, a line each.
    var problems: [String] { told.withLock { $0.map { "\(folder)/\($0)" } } }

    /// Works until cancelled.
    func run() async {
        do throws(SystemError) {
            try FileSystem.makeDirectories(folder, mode: 0o700)
            _ = try watcher.watch(folder) { [news] _ in news.continuation.yield() }
        } catch {
            logger.error("static pods are not followed", metadata: ["path": "\(folder)", "error": "\(error)"])
            return
        }
        pods.addHandler { [news] event in
            if StaticPodPlan.isStatic(event.object) { news.continuation.yield() }
        }
        await pods.waitUntilSynced()
        news.continuation.yield()
        var backoff = Backoff(first: .seconds(1), maximum: .seconds(60))
        for await _ in news.stream {
            let isDone = await reconcile()
            if isDone { backoff.reset() } else { news.continuation.yield() }
            do { try await time.sleep(for: isDone ? Self.pause : backoff.next()) } catch { return }
        }
    }

    /// True when there is nothing to try again.
    private func reconcile() async -> Bool {
        let (folder, limit) = (folder, Self.limit)
        let files: [(name: String, content: Result<[UInt8], SystemError>)]
        do throws(SystemError) {
            files = try await KernelThread.run("kdash-manifests") { () throws(SystemError) in try Self.read(folder, limit) }
        } catch {
            // What cannot be listed is not gone: its pods stay.
            tell([StaticPodProblem(" cannot be listed: \(error)")])
            return false
        }
        var (manifests, problems, broken) = ([StaticPodManifest](), [StaticPodProblem](), Set<String>())
        let owner = nodes.get(namespace: nil, name: nodeName)?.uid
        for file in files {
            do throws(StaticPodProblem) {
                guard case .success(let bytes) = file.content else { throw StaticPodProblem("\(file.name): cannot be read: \(file.content.problem)") }
                manifests.append(try StaticPodManifest(file: file.name, bytes: bytes, nodeName: nodeName, owner: owner, now: time.now()))
            } catch {
                problems.append(error)
                broken.insert(file.name)
            }
        }
        let plan = StaticPodPlan(manifests: manifests, broken: broken, pods: pods.all())
        problems += plan.problems
        let failures = await carryOut(plan)
        tell(problems + failures)
        return failures.isEmpty
    }

    /// The files of a folder; none when there is no folder.
    private static func read(_ folder: String, _ limit: Int) throws(SystemError) -> [(name: String, content: Result<[UInt8], SystemError>)] {
        let names: [String]
        do throws(SystemError) { names = try FileSystem.names(in: folder) } catch {
            guard error.errno == ENOENT else { throw error }
            return []
        }
        return names.filter(StaticPodManifest.isManifest).sorted().map { name in
            do throws(SystemError) {
                let path = FileSystem.truePath("\(folder)/\(name)")
                let file = try FileDescriptor.openRegular(path, O_RDONLY)
                return (name, .success(try FileSystem.readAll(file, limit: limit, named: path)))
            } catch {
                return (name, .failure(error))
            }
        }
    }

    private func carryOut(_ plan: StaticPodPlan) async -> [StaticPodProblem] {
        var failures: [StaticPodProblem] = []
        for pod in plan.delete {
            do throws(APIStatus) {
                _ = try await client.delete(Pod.resource, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
            } catch  where error.code == 404 || error.code == 409 {
                // Gone already, or another by now: the watch says so.
            } catch {
                failures.append(StaticPodProblem("\(Self.file(pod)): its earlier pod cannot be deleted: \(error.message)"))
            }
        }
        for pod in plan.create {
            do throws(APIStatus) {
                _ = try await client.create(Pod.resource, pod)
            } catch  where error.reason == .alreadyExists {
                // The watch brings it.
            } catch {
                failures.append(StaticPodProblem("\(Self.file(pod)): \(error.message)"))
            }
        }
        return failures
    }

    private static func file(_ pod: KubeObject) -> String { pod.annotations[StaticPodManifest.file] ?? pod.name }

    private func tell(_ problems: [StaticPodProblem]) {
        let known = told.withLock { told in
            defer { told = problems }
            return told
        }
        for problem in problems where !known.contains(problem) {
            logger.warning("a static pod cannot be run", metadata: ["path": "\(folder)", "error": "\(problem)"])
        }
    }
}

extension Result where Failure == SystemError {
    fileprivate var problem: String {
        if case .failure(let error) = self { return "\(error)" }
        return ""
    }
}

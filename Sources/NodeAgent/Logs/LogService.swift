import APIMachinery
import Glibc
import KubeClient
import LinuxKernel

/// Answers log requests from the files, for pods that run, ended, or were deleted while their logs are kept.
struct LogService: Sendable {
    let directory: LogDirectory
    let watcher: FileWatcher
    let followers: LogFollowers
    let time: any TimeSource
    /// The instance that runs in a container now, if any.
    let runningAttempt: @Sendable (_ podUID: String, _ container: String) -> Int?

    func open(_ request: LogRequest) throws(APIStatus) -> any ByteSource {
        let path = directory.path(namespace: request.namespace, pod: request.pod, uid: request.podUID, container: request.container)
        let attempt = try chooseAttempt(request, path)
        do throws(SystemError) {
            let segments = try LogSegments(directory: path, attempt: attempt)
            let running = runningAttempt(request.podUID, request.container) == attempt
            let stream = try LogStream(
                segments: segments, filter: filter(request), tailLines: request.tailLines.map { Int(clamping: $0) }, follow: request.follow,
                isLive: running, watcher: watcher)
            if request.follow, running {
                let id = ContainerID(podUID: request.podUID, container: request.container, attempt: attempt).string
                followers.add(stream, of: id)
                // It may have ended between the look and the registration.
                if runningAttempt(request.podUID, request.container) != attempt { followers.containerEnded(id) }
            }
            return stream
        } catch {
            throw .internalError("cannot read the log of container \"\(request.container)\" in pod \"\(request.pod)\": \(error)")
        }
    }

    /// The instances of a container of which logs are kept. Blocking.
    func instances(_ request: LogRequest) -> [LogInstance] {
        let path = directory.path(namespace: request.namespace, pod: request.pod, uid: request.podUID, container: request.container)
        let running = runningAttempt(request.podUID, request.container)
        return LogDirectory.attempts(in: path).map { attempt in
            var instance = LogInstance(number: attempt, lastWrite: Timestamp(seconds: 0), size: .zero, isRunning: attempt == running)
            // best effort: it may be going away.
            if let found = try? FileSystem.status("\(path)/\(attempt).log") {
                instance.lastWrite = Timestamp(seconds: Int64(found.st_mtim.tv_sec))
                instance.size = ByteCount(Int64(found.st_size))
            }
            return instance
        }
    }

    private func chooseAttempt(_ request: LogRequest, _ path: String) throws(APIStatus) -> Int {
        let attempts = LogDirectory.attempts(in: path)
        if let instance = request.instance {
            guard attempts.contains(instance) else {
                let kept = attempts.isEmpty ? "none" : attempts.map { "\($0)" }.joined(separator: ", ")
                throw .badRequest(
                    "instance \(instance) of container \"\(request.container)\" in pod \"\(request.pod)\" is not kept; kept are: \(kept)")
            }
            return instance
        }
        if request.previous {
            guard attempts.count > 1 else {
                throw .badRequest("previous terminated container \"\(request.container)\" in pod \"\(request.pod)\" not found")
            }
            return attempts[attempts.count - 2]
        }
        guard let newest = attempts.last else {
            throw .badRequest("container \"\(request.container)\" in pod \"\(request.pod)\" is waiting to start: ContainerCreating")
        }
        return newest
    }

    private func filter(_ request: LogRequest) -> LogFilter {
        var since = request.sinceTime
        if let seconds = request.sinceSeconds { since = time.now().advanced(by: .seconds(-seconds)) }
        let onlyErrors: Bool? =
            switch request.stream {
            case .all: nil
            case .stdout: false
            case .stderr: true
            }
        return LogFilter(
            form: request.isMarked ? .marked : .text(withTimestamps: request.timestamps), since: since, onlyErrors: onlyErrors,
            limit: request.limitBytes.map { Int(clamping: $0) })
    }
}

import APIMachinery
package import KubeClient
package import LinuxKernel
import Synchronization

/// A local port whose connections go to ready pods. It lives as long as ``run()``, whatever becomes of the pods and of the server.
package final class PortForward: Sendable {
    /// What went through.
    package struct Traffic: Sendable, Hashable {
        /// Connections that are open.
        package var open = 0
        /// Connections that wait for a pod or for the server.
        package var waiting = 0
        /// Connections so far.
        package var total = 0
        /// Bytes from local programs to pods.
        package var sent: Int64 = 0
        /// Bytes from pods to local programs.
        package var received: Int64 = 0
        /// The pod of the latest connection; empty before the first.
        package var pod = ""
        /// Why the latest connection that failed or waits does; nil when none has since the last good one.
        package var lastError: String?
    }

    /// More connections than this at once are refused.
    package static let maximumOpen = 256
    /// How long a connection waits for a pod that is ready, and for a server that does not answer.
    package static let patience = Duration.seconds(20)
    private static let pause = Duration.milliseconds(250)
    /// How long nothing may come back once the local program has sent everything. It may have gone without waiting for an answer, which looks the same
    /// until something is written to it; a pod that is told of the end closes its side, one that is not cannot know.
    static let quietPatience = (told: Duration.seconds(60), untold: Duration.seconds(2))

    /// Where connections go.
    package let target: ForwardTarget
    /// Where they come from: the port of 127.0.0.1.
    package var port: UInt16 { listener.port }
    private let listener: LocalListener
    private let client: @Sendable () async -> KubeClient?
    private let time: any TimeSource
    private let onChange: @Sendable () -> Void
    private let state = Mutex(Traffic())

    /// A forward; nothing is accepted before ``run()``. `client` reaches the cluster, anew for every connection, as the server may have been
    /// started again; `onChange` is called when ``traffic`` changes.
    package init(
        _ target: ForwardTarget, _ listener: LocalListener, time: any TimeSource, client: @escaping @Sendable () async -> KubeClient?,
        onChange: @escaping @Sendable () -> Void = {}
    ) {
        self.target = target
        self.listener = listener
        self.time = time
        self.client = client
        self.onChange = onChange
    }

    /// What went through until now.
    package var traffic: Traffic { state.withLock(\.self) }

    /// Forwards until the task is cancelled; then the port is closed and so are its connections.
    package func run() async {
        defer { listener.close() }
        await withDiscardingTaskGroup { group in
            for await connection in listener.connections {
                guard let turn = admit() else {
                    connection.cancel()
                    continue
                }
                group.addTask { await self.serve(connection, turn) }
            }
            group.cancelAll()
        }
    }

    /// Counts a connection; nil when there are too many.
    private func admit() -> Int? {
        defer { onChange() }
        return state.withLock { traffic in
            guard traffic.open < Self.maximumOpen else {
                traffic.lastError = "more than \(Self.maximumOpen) connections at once"
                return nil
            }
            traffic.open += 1
            traffic.total += 1
            return traffic.total - 1
        }
    }

    private func serve(_ local: any StreamSession, _ turn: Int) async {
        defer {
            local.cancel()
            change { $0.open -= 1 }
        }
        do throws(APIStatus) {
            let (pod, remote) = try await reach(turn)
            await withTaskCancellationHandler {
                await join(local, remote)
            } onCancel: {
                local.cancel()
                remote.cancel()
            }
            let end = await remote.result()
            if end.isFailure, !Task.isCancelled { change { $0.lastError = "\(pod): \(end.message)" } }
        } catch {
            if !Task.isCancelled { change { $0.lastError = error.message } }
        }
    }

    /// Opens a connection to a pod that is ready. Waits a while for one, as pods and servers are replaced.
    private func reach(_ turn: Int) async throws(APIStatus) -> (pod: String, session: any StreamSession) {
        let start = time.monotonic()
        var isWaiting = false
        defer { if isWaiting { change { $0.waiting -= 1 } } }
        while true {
            do throws(APIStatus) {
                guard let client = await client() else { throw .serviceUnavailable("the cluster is not connected") }
                let (pod, port) = try await target.choose(turn, client)
                let session = try await client.forward(namespace: target.namespace, pod: pod, port: port)
                change { traffic in
                    traffic.pod = pod
                    traffic.lastError = nil
                }
                return (pod, session)
            } catch {
                guard [0, 404, 500, 502, 503, 504].contains(error.code), time.monotonic() - start < Self.patience else { throw error }
                let isNew = !isWaiting
                change { traffic in
                    if isNew { traffic.waiting += 1 }
                    traffic.lastError = error.message
                }
                isWaiting = true
                do { try await time.sleep(for: Self.pause) } catch { throw .serviceUnavailable("the forward was stopped") }
            }
        }
    }

    /// What came for one connection.
    private final class Progress: Sendable {
        let count = Atomic(0)
        /// Whether the local program has not taken yet what came last.
        let isWriting = Atomic(false)
    }

    /// Copies both ways. A local program that has sent everything still gets what the pod answers; a pod that is through ends the whole.
    private func join(_ local: any StreamSession, _ remote: any StreamSession) async {
        let progress = Progress()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.copy(local.output, to: remote) { $0.sent += $1 }
                await remote.closeInput()
                return true
            }
            group.addTask {
                await self.copy(remote.output, to: local, progress) { $0.received += $1 }
                return false
            }
            if await group.next() == true {
                group.addTask {
                    await self.waitUntilQuiet(progress, remote.tellsInputEnd ? Self.quietPatience.told : Self.quietPatience.untold)
                    return true
                }
                _ = await group.next()
            }
            group.cancelAll()
            remote.cancel()
            local.cancel()
        }
    }

    private func waitUntilQuiet(_ progress: Progress, _ patience: Duration) async {
        var last: Int
        repeat {
            last = progress.count.load(ordering: .relaxed)
            do { try await time.sleep(for: patience) } catch { return }
        } while progress.isWriting.load(ordering: .relaxed) || last != progress.count.load(ordering: .relaxed)
    }

    private func copy(
        _ source: any ByteSource, to session: any StreamSession, _ progress: Progress? = nil, _ count: @Sendable (inout Traffic, Int64) -> Void
    ) async {
        do throws(APIStatus) {
            while let bytes = try await source.next() {
                progress?.isWriting.store(true, ordering: .relaxed)
                defer {
                    progress?.count.add(1, ordering: .relaxed)
                    progress?.isWriting.store(false, ordering: .relaxed)
                }
                try await session.write(bytes)
                change { count(&$0, Int64(bytes.count)) }
            }
        } catch {
            // The session's result says why it broke.
        }
    }

    private func change(_ body: (inout Traffic) -> Void) {
        state.withLock { body(&$0) }
        onChange()
    }
}

extension KubeClient {
    /// Opens one connection to a port of a pod.
    func forward(namespace: String, pod: String, port: UInt16) async throws(APIStatus) -> any StreamSession {
        let pods = GroupVersionResource(group: "", version: "v1", resource: "pods")
        return try await rawConnect(
            APIRequest(
                path: ResourcePath.path(pods, namespace: namespace, name: pod, subresource: "portforward"), query: [QueryItem("ports", "\(port)")]))
    }
}

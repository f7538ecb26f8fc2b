package import APIMachinery
package import KubeClient
package import LinuxKernel

/// Looks into containers of any cluster, by running their own `sh` with a few common tools.
///
/// Every question is one exec session, bounded in bytes and in time. What a container answers is its own word: nothing of it is trusted to be well
/// formed.
package final class ExecAccess: ContainerAccess {
    /// How long a question may take; writing gets more for large files.
    static let patience = Duration.seconds(30)
    /// Bytes a second that a container takes at least.
    private static let slowest = 128 << 10
    private static let maximumErrorText = 4096

    private let client: KubeClient
    private let time: any TimeSource

    /// Looks through a client.
    package init(_ client: KubeClient, time: any TimeSource = SystemTimeSource()) {
        self.client = client
        self.time = time
    }

    package var opensSessions: Bool { true }

    package func list(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) -> ContainerListing {
        let most = ContainerListing.maximumEntries
        let output = try await run(target, .list(path, most: most + 1), about: path.description, limit: 16 << 20)
        var files = ExecAnswer.files(output)
        let isCut = files.count > most
        if isCut { files = Array(files.prefix(most)) }
        return ContainerListing(files: files, isCut: isCut, isRunning: true)
    }

    package func read(_ target: ContainerTarget, path: FilePath, offset: Int64, limit: Int) async throws(APIStatus) -> ContainerFilePart {
        let block = ContainerScript.block
        let (offset, limit) = (max(0, offset), max(0, min(limit, ContainerFilePart.maximumBytes)))
        let skipped = Int(offset % block)
        let blocks = (Int64(skipped + limit) + block - 1) / block
        let script = ContainerScript.read(path, firstBlock: offset / block, blocks: blocks)
        let output = try await run(target, script, about: path.description, limit: Int((blocks + 1) * block))
        guard let end = output.firstIndex(of: UInt8(ascii: "\n")), let file = ExecAnswer.file(output[..<end], name: path.name) else { throw Self.broken(path) }
        return ContainerFilePart(file: file, bytes: Array(output[(end + 1)...].dropFirst(skipped).prefix(limit)), isRunning: true)
    }

    package func write(
        _ target: ContainerTarget, path: FilePath, _ bytes: [UInt8], ifVersion: String?, isExecutable: Bool
    ) async throws(APIStatus) -> ContainerFile {
        try await checkPod(target)
        let version = ifVersion.map { $0.isEmpty ? "new" : $0 } ?? "any"
        let script = ContainerScript.write(path, count: bytes.count, version: version, isExecutable: isExecutable, mark: SecureRandom.hex(8))
        let output = try await run(target, script, about: path.description, limit: 4096, input: bytes, isLook: false)
        guard let file = ExecAnswer.file(output.prefix { $0 != UInt8(ascii: "\n") }, name: path.name) else { throw Self.broken(path) }
        return file
    }

    package func makeDirectory(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) {
        try await checkPod(target)
        _ = try await run(target, .makeDirectory(path), about: path.description, limit: 4096, isLook: false)
    }

    package func processes(_ target: ContainerTarget) async throws(APIStatus) -> ContainerProcesses {
        let mark = SecureRandom.hex(16)
        let most = ExecAnswer.maximumProcesses
        let output = try await run(target, .processes(mark: mark, most: most), about: "/proc", limit: 16 << 20)
        guard let found = ExecAnswer.processes(output, mark: mark) else { throw Self.broken(FilePath(bytes: "/proc".utf8)) }
        return found
    }

    package func signal(_ target: ContainerTarget, _ process: ContainerProcess, signal: Int32) async throws(APIStatus) {
        try await checkPod(target)
        let script = ContainerScript.signal(pid: process.pid, started: process.startedTicks, signal: signal)
        _ = try await run(target, script, about: "process \(process.pid)", limit: 4096, isLook: false)
    }

    package func sockets(_ target: ContainerTarget) async throws(APIStatus) -> ContainerSockets {
        let mark = SecureRandom.hex(16)
        let output = try await run(target, .sockets(mark: mark), about: "/proc/net", limit: 16 << 20)
        return ExecAnswer.sockets(output, mark: mark, try await processes(target).processes)
    }

    /// A pod of the same name may have taken its place.
    private func checkPod(_ target: ContainerTarget) async throws(APIStatus) {
        guard let uid = target.podUID else { return }
        let pods = GroupVersionResource(group: "", version: "v1", resource: "pods")
        let pod = try await client.get(pods, namespace: target.namespace, name: target.pod)
        guard pod.uid == uid else { throw APIStatus(code: 404, reason: .notFound, message: "pod \(target.namespace)/\(target.pod) is another one by now") }
    }

    // MARK: - Sessions

    /// Runs a script and returns what it wrote. `about` is what its failure is about.
    private func run(
        _ target: ContainerTarget, _ script: ContainerScript, about: String, limit: Int, input: [UInt8]? = nil, isLook: Bool = true
    ) async throws(APIStatus) -> [UInt8] {
        let request = ExecRequest(
            namespace: target.namespace, pod: target.pod, podUID: target.podUID ?? "", container: target.container, command: script.command,
            stdin: input != nil, isLook: isLook)
        let session = try await client.exec(request)
        let end = await talk(session, input: input, limit: limit)
        if let failure = ExecEnd.failure(end, about: about, container: target.container) { throw failure }
        return end.output
    }

    /// Writes and reads until the program ends, the time is over, or the task is cancelled.
    private func talk(_ session: any StreamSession, input: [UInt8]?, limit: Int) async -> ExecEnd {
        let patience = Self.patience + .seconds((input?.count ?? 0) / Self.slowest)
        let time = time
        return await withTaskGroup(of: ExecEnd?.self) { group in
            group.addTask {
                // Woken early it has nothing to end: the session is over, or nobody waits for it any more.
                do { try await time.sleep(for: patience) } catch { return nil }
                return ExecEnd.late(after: patience)
            }
            group.addTask {
                await withTaskCancellationHandler {
                    async let errors = Self.take(session.errorOutput, keeping: Self.maximumErrorText)
                    async let _: Void = Self.send(input, session)
                    let (output, failure) = await Self.gather(session.output, limit: limit)
                    if failure != nil { session.cancel() }
                    let result = await session.result()
                    return ExecEnd(output: output, errorText: String(decoding: await errors, as: UTF8.self), result: failure ?? result)
                } onCancel: {
                    session.cancel()
                }
            }
            var end: ExecEnd?
            while end == nil, let next = await group.next() { end = next }
            group.cancelAll()
            session.cancel()
            return end ?? ExecEnd.late(after: patience)
        }
    }

    private static func send(_ input: [UInt8]?, _ session: any StreamSession) async {
        guard let input else { return }
        // Best effort: how the session ends tells what was not taken.
        do { try await session.write(input) } catch { return }
        await session.closeInput()
    }

    private static func gather(_ source: any ByteSource, limit: Int) async -> ([UInt8], APIStatus?) {
        do throws(APIStatus) {
            return (try await source.collect(limit: limit), nil)
        } catch {
            return ([], error)
        }
    }

    /// Reads to the end and keeps the beginning.
    private static func take(_ source: (any ByteSource)?, keeping limit: Int) async -> [UInt8] {
        var kept: [UInt8] = []
        guard let source else { return kept }
        do throws(APIStatus) {
            while let bytes = try await source.next() { kept += bytes.prefix(limit - kept.count) }
        } catch {
            // Best effort: it only explains a failure that is told anyway.
        }
        return kept
    }

    private static func broken(_ path: FilePath) -> APIStatus { .internalError("what the container told about \(path) makes no sense") }
}

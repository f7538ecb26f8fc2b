internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// `/run/NAMESPACE/POD/CONTAINER` of a node's agent: runs `cmd` and answers with what it wrote.
/// Source: kubelet `pkg/kubelet/server/server.go` getRun, `pkg/kubelet/kuberuntime/kuberuntime_container.go` RunInContainer.
enum AgentCommand {
    /// What a program may write. Source: cri-client `pkg/remote_runtime.go`, its largest message.
    private static let largestOutput = 16 << 20

    static func answer(_ request: AgentRequest, _ target: AgentRoute.Target) async throws(APIStatus) -> APIResponse {
        guard let pod = try AgentRequest.pod(target, node: request.node, request.core), target.uid == nil || target.uid == pod.uid else {
            return AgentRequest.text(404, "pod does not exist")
        }
        guard AgentRequest.has(pod, container: target.container) else {
            return AgentRequest.text(500, "container not found (\(target.container.goQuoted))")
        }
        // Words are told apart by spaces alone.
        let text = request.query.first { $0.name == "cmd" }?.value ?? ""
        let command = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard command.first?.isEmpty == false else { return AgentRequest.text(500, "the query has no command: pass it as cmd=PROGRAM+ARGUMENT") }
        do throws(APIStatus) {
            let session = try await request.connection.exec(
                ExecRequest(namespace: target.namespace, pod: target.pod, podUID: pod.uid, container: target.container, command: command))
            request.life.whenOver { session.cancel() }
            return try await finish(session, text)
        } catch {
            return AgentRequest.text(500, error.message)
        }
    }

    private static func finish(_ session: any StreamSession, _ command: String) async throws(APIStatus) -> APIResponse {
        // Both at once: a program that finds one of them full writes nothing to the other.
        async let errors = collect(session.errorOutput)
        let output = await collect(session.output)
        let written: ([UInt8], [UInt8])
        do throws(APIStatus) {
            written = try (output.get(), await errors.get())
        } catch {
            session.cancel()
            throw error
        }
        let result = await session.result()
        guard result.isFailure else { return APIResponse(contentType: "application/json", body: .bytes(written.0 + written.1)) }
        guard let code = result.details?.causes.first(where: { $0.reason == "ExitCode" })?.message else { throw result }
        let said = String(decoding: written.1, as: UTF8.self)
        return AgentRequest.text(500, "command '\(command)' exited with \(code): \(said)")
    }

    private static func collect(_ source: (any ByteSource)?) async -> Result<[UInt8], APIStatus> {
        guard let source else { return .success([]) }
        do throws(APIStatus) {
            return .success(try await source.collect(limit: largestOutput))
        } catch {
            return .failure(error)
        }
    }
}

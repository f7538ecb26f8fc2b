package import APIMachinery
package import LinuxKernel

/// A transport that tells a log what passes.
package struct ObservedTransport: KubeTransport {
    private let base: any KubeTransport
    private let context: String
    private let log: RequestLog
    private let time: any TimeSource

    /// A transport over `base`; `context` names the cluster in the log.
    package init(_ base: any KubeTransport, context: String, log: RequestLog, time: any TimeSource) {
        self.base = base
        self.context = context
        self.log = log
        self.time = time
    }

    /// That of the transport below.
    package var serverDescription: String { base.serverDescription }

    /// Sends it, noted before and after.
    package func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        let id = log.begin(request, context: context)
        let start = time.monotonic()
        do throws(APIStatus) {
            let response = try await base.send(request)
            let refusal = try await response.failure(method: request.method.rawValue)
            if let id { log.end(id, .answered(code: response.status, message: refusal?.message ?? "", after: time.monotonic() - start)) }
            return response
        } catch {
            if let id { log.end(id, .lost(message: error.message, after: time.monotonic() - start)) }
            throw error
        }
    }

    /// Opens a stream, noted when reads are.
    package func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource {
        let id = log.begin(request, context: context)
        let start = time.monotonic()
        do throws(APIStatus) {
            let source = try await base.stream(request)
            if let id { log.end(id, .answered(code: 200, message: "", after: time.monotonic() - start)) }
            return source
        } catch {
            if let id { log.end(id, .answered(code: error.code, message: error.message, after: time.monotonic() - start)) }
            throw error
        }
    }

    /// Opens a session; noted, since it reaches into a container, unless it only looks.
    package func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession {
        let id = log.begin(request, context: context, isSession: true)
        let start = time.monotonic()
        do throws(APIStatus) {
            let session = try await base.connect(request)
            if let id { log.end(id, .answered(code: 101, message: "", after: time.monotonic() - start)) }
            return session
        } catch {
            if let id { log.end(id, .answered(code: error.code, message: error.message, after: time.monotonic() - start)) }
            throw error
        }
    }
}

extension KubeClient {
    /// The same client, with everything it sends told to a log.
    package func observed(context: String, log: RequestLog, time: any TimeSource) -> KubeClient {
        KubeClient(
            transport: ObservedTransport(transport, context: context, log: log, time: time), gate: gate, userAgent: userAgent)
    }
}

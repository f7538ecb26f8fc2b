package import APIMachinery
package import KubeClient
import LinuxKernel

/// What a simulated node answers: that there is nothing to be had from it.
package struct SimulatedConnection: NodeConnection {
    private let node: String
    private let time: any TimeSource

    init(node: String, time: any TimeSource) {
        self.node = node
        self.time = time
    }

    /// The error that says why there is nothing.
    func refusal(_ what: String) -> APIStatus {
        .badRequest("node \"\(node)\" is simulated: its pods are only pretended, so that there is \(what)")
    }

    package func logs(_ request: LogRequest) async throws(APIStatus) -> any ByteSource { throw refusal("no log") }

    package func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { throw refusal("no container to run a program in") }

    package func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { throw refusal("no program to attach to") }

    package func portForward(podUID: String, port: UInt16) async throws(APIStatus) -> any StreamSession {
        throw refusal("nothing that listens on port \(port)")
    }

    package func stats() async -> NodeStats { NodeStats(node: node, sampledAt: time.now()) }

    package func keptLogs() async -> [KeptLog] { [] }

    package func logInstances(_ request: LogRequest) async -> [LogInstance] { [] }
}

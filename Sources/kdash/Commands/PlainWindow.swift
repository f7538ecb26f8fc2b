import APIMachinery
import Glibc
import KubeClient
import LinuxKernel
import ViewModels

/// `kdash --plain`: the cluster line by line.
struct PlainWindow: Sendable {
    let target: any ScreenTarget
    let namespace: String?

    /// Answers lines of standard input until it ends; returns the exit status.
    func run() throws -> Int32 {
        let cluster: ConnectedCluster
        do {
            cluster = try Blocking.run { [target] in try await target.connect() }
        } catch let failure as ConnectionFailure {
            throw CommandError("\(failure.reason); \(failure.remedy)")
        }
        let input = PlainInput()
        let session = PlainSession(
            client: cluster.client, context: cluster.contextName + (cluster.impersonated.map { " as \($0)" } ?? ""),
            server: cluster.user.isEmpty ? cluster.server : "\(cluster.server) as user \(cluster.user)", namespace: namespace ?? cluster.namespace,
            input: input, say: { Output.line($0) })
        KernelThread.start("kdash-plain") { Self.read(into: input) }
        Blocking.run { await session.run() }
        return 0
    }

    private static func read(into input: PlainInput) {
        while let line = readLine() { feed(line, input) }
        feed(nil, input)
    }

    private static func feed(_ line: String?, _ input: PlainInput) { Blocking.run { await input.feed(line) } }
}

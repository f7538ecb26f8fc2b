import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Logging
import Synchronization

/// The leases of simulated nodes: seldom renewed and long, as thousands of them every ten seconds would be all that the server does.
final class SimulatedLeases: Sendable {
    private static let seconds: Int64 = 1800
    private static let renewal: Duration = .seconds(600)

    private let client: KubeClient
    private let time: any TimeSource
    private let logger: Logger
    private struct Followed {
        var count = 0
        var strangers: Set<SimulatedNode> = []
    }

    private let followed = Mutex(Followed())
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    init(client: KubeClient, time: any TimeSource, logger: Logger) {
        self.client = client
        self.time = time
        self.logger = logger
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// From now on so many nodes have leases, without those that are not simulated.
    func follow(_ count: Int, without strangers: Set<SimulatedNode>) {
        followed.withLock { $0 = Followed(count: count, strangers: strangers) }
        change.yield()
    }

    /// Renews until cancelled. Without nodes no clock runs.
    func keep() async {
        for await _ in changes {
            while followed.withLock({ $0.count }) > 0 {
                var number = 1
                while number <= followed.withLock({ $0.count }), !Task.isCancelled, let node = SimulatedNode(number: number) {
                    if followed.withLock({ !$0.strangers.contains(node) }) { await renew(node) }
                    number += 1
                }
                do { try await time.sleep(for: Self.renewal) } catch { return }
            }
        }
    }

    /// Forgets the lease of a node that is gone.
    func remove(_ node: SimulatedNode) async {
        do throws(APIStatus) {
            try await client.delete(KubeClient.leases, namespace: KubeClient.nodeLeaseNamespace, name: node.name)
        } catch {
            guard error.reason != .notFound else { return }
            logger.warning("could not remove the lease of a simulated node", metadata: ["node": "\(node.name)", "error": "\(error.message)"])
        }
    }

    /// Renews a lease, or makes it.
    func renew(_ node: SimulatedNode) async {
        do throws(APIStatus) {
            try await client.renewNodeLease(node.name, seconds: Self.seconds, now: time.now())
        } catch {
            logger.warning("could not renew the lease of a simulated node", metadata: ["node": "\(node.name)", "error": "\(error.message)"])
        }
    }
}

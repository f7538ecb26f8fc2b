import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import TestSupport
import Testing

@testable import Controllers

@Suite(.timeLimit(.minutes(5))) struct ControllerRunnerTests {
    /// Runs the ReplicaSet controller against a toy server while `body` plays the world.
    private func withController(_ server: ToyServer, _ time: ManualTimeSource, _ body: @Sendable @escaping () async throws -> Void)
        async throws
    {
        let client = KubeClient(transport: server)
        let informers = SharedInformers(client: client, time: time)
        let controller = ReplicaSetController()
        let caches = InformerCaches(informers, resources: controller.watched)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let runner = ControllerRunner(controller, caches: caches, client: client, time: time, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await informers.run() }
            group.addTask { await runner.run() }
            try await body()
            group.cancelAll()
        }
    }

    /// Gives everything that could run the chance to.
    private func settle() async {
        for _ in 0..<2000 { await Task.yield() }
    }

    @Test func `a cache that lags by a second makes no second set of pods`() async throws {
        let (server, time) = (ToyServer(), ManualTimeSource())
        let set = replicaSet("web", replicas: 3)
        server.put(ReplicaSet.resource, set.object)
        server.hold(Pod.resource)
        try await withController(server, time) {
            #expect(await comesTrue { server.creations(Pod.resource) == 3 })
            // The set changes while the pods are still unseen: the key becomes due, and must wait.
            var touched = set
            touched.object.annotations = ["touched": "yes"]
            server.put(ReplicaSet.resource, touched.object)
            for _ in 0..<10 {
                time.advance(by: .milliseconds(100))
                await settle()
            }
            #expect(server.creations(Pod.resource) == 3)
            server.release(Pod.resource)
            #expect(await comesTrue { server.objects(ReplicaSet.resource).first.map { ReplicaSet($0).status.replicas } == 3 })
            #expect(server.creations(Pod.resource) == 3)
        }
    }

    @Test func `a run that failed half way creates only the rest`() async throws {
        let (server, time) = (ToyServer(), ManualTimeSource())
        server.put(ReplicaSet.resource, replicaSet("web", replicas: 3).object)
        server.refuse(Pod.resource, times: 1)
        try await withController(server, time) {
            #expect(await comesTrue { time.sleeperCount > 0 })
            // In steps: who goes to sleep after the clock was moved wakes later.
            #expect(
                await comesTrue {
                    time.advance(by: .milliseconds(100))
                    return server.creations(Pod.resource) >= 3
                })
            await settle()
            #expect(server.creations(Pod.resource) == 3)
        }
    }

    @Test func `a deleted pod is replaced once`() async throws {
        let (server, time) = (ToyServer(), ManualTimeSource())
        server.put(ReplicaSet.resource, replicaSet("web", replicas: 2).object)
        try await withController(server, time) {
            #expect(await comesTrue { server.creations(Pod.resource) == 2 })
            let victim = server.objects(Pod.resource)[0].name
            try await KubeClient(transport: server).delete(Pod.resource, namespace: "default", name: victim)
            #expect(await comesTrue { server.creations(Pod.resource) == 3 })
            await settle()
            #expect(server.creations(Pod.resource) == 3)
            #expect(server.objects(Pod.resource).count == 2)
        }
    }

    @Test func `a set that shrinks deletes its surplus once`() async throws {
        let (server, time) = (ToyServer(), ManualTimeSource())
        server.put(ReplicaSet.resource, replicaSet("web", replicas: 3).object)
        try await withController(server, time) {
            // Seen by the controller too: one that waits for its own pods deletes none.
            #expect(await comesTrue { server.objects(ReplicaSet.resource).first.map { ReplicaSet($0).status.replicas } == 3 })
            server.hold(Pod.resource)
            server.put(ReplicaSet.resource, replicaSet("web", replicas: 1).object)
            #expect(await comesTrue { server.deletions.count == 2 })
            var touched = replicaSet("web", replicas: 1)
            touched.object.annotations = ["touched": "yes"]
            server.put(ReplicaSet.resource, touched.object)
            await settle()
            #expect(server.deletions.count == 2)
        }
    }
}

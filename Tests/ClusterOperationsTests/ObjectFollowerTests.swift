import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import TestSupport
import Testing

@testable import ClusterOperations

@Suite struct ObjectFollowerTests {
    /// Follows an object while `body` runs.
    private func follow(
        _ server: OperationsServer, _ target: ObjectTarget, _ body: @escaping @Sendable (ObjectFollower) async throws -> Void
    ) async throws {
        let follower = try await ObjectFollower.open(target, server.client, time: SystemTimeSource())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await follower.run() }
            try await body(follower)
            group.cancelAll()
        }
    }

    @Test func `an object is followed with its events and what belongs to it, and nothing else`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.deployment())
            try await server.apply(Manifest.pod("web-1", labels: "{app: web}"))
            try await server.apply(Manifest.pod("other", labels: "{app: other}"))
            let target = try await server.target("Deployment", "web")
            try await follow(server, target) { follower in
                #expect(follower.snapshot.object.name == "web", "the first read is there at once")
                try await eventually("it is seen") { follower.snapshot.related[.pods]?.map(\.name) == ["web-1"] }
                try await server.apply(
                    """
                    apiVersion: v1
                    kind: Event
                    metadata: {name: scaled}
                    involvedObject: {kind: Deployment, name: web, namespace: default, uid: \(target.uid ?? "")}
                    reason: ScalingReplicaSet
                    """)
                try await eventually("it is seen") { follower.snapshot.events.map(\.reason) == ["ScalingReplicaSet"] }
                _ = try await server.client.patch(
                    target.resource, namespace: "default", name: "web", type: .merge, ["spec": ["replicas": 7]])
                try await eventually("it is seen") { follower.snapshot.object.integer("spec", "replicas") == 7 }
                #expect(!follower.isGone)
                try await server.client.delete(target.resource, namespace: "default", name: "web")
                try await eventually("it is seen") { follower.isGone }
                #expect(follower.snapshot.object.name == "web", "its last state stays")
            }
        }
    }

    @Test func `a namesake is not the object`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.deployment())
            var target = try await server.target("Deployment", "web")
            target.uid = "another"
            do {
                _ = try await ObjectFollower.open(target, server.client, time: SystemTimeSource())
                Issue.record("a namesake was taken for the object")
            } catch {
                #expect((error as? APIStatus)?.code == 404)
                #expect("\(error)".contains("another one has its name"))
            }
        }
    }

    @Test func `an object without a selector is not given every pod`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.pod("a"))
            try await server.apply(
                "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: none}, spec: {minAvailable: 1}}")
            try await follow(server, try await server.target("PodDisruptionBudget", "none")) { follower in
                #expect(follower.snapshot.related[.pods] == nil)
            }
        }
    }

    @Test(arguments: [
        ("Service", "s", "endpointSlices", ["s-1"]), ("Node", "node1", "pods", ["on-n"]), ("ServiceAccount", "robot", "roleBindings", ["give"]),
        ("Role", "reader", "roleBindings", ["give"]), ("PersistentVolumeClaim", "disk", "pods", ["on-n"]), ("CronJob", "c", "jobs", []),
    ])
    func `each kind comes with what explains it`(kind: String, name: String, relation: String, expected: [String]) async throws {
        try await OperationsServer.with { server in
            try await server.apply(
                """
                {apiVersion: v1, kind: Node, metadata: {name: node1}}
                ---
                {apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selector: {app: x}, ports: [{port: 80}]}}
                ---
                {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s-1, labels: {kubernetes.io/service-name: s}}, addressType: IPv4, endpoints: []}
                ---
                {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: t-1, labels: {kubernetes.io/service-name: t}}, addressType: IPv4, endpoints: []}
                ---
                {apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}}
                ---
                {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader}, rules: [{verbs: [get], apiGroups: [""], resources: [pods]}]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: give}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
                subjects: [{kind: ServiceAccount, name: robot, namespace: default}]
                ---
                {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: disk}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
                ---
                apiVersion: batch/v1
                kind: CronJob
                metadata: {name: c}
                spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}
                """)
            try await server.apply(
                Manifest.pod("on-n", node: "node1", extra: "volumes: [{name: v, persistentVolumeClaim: {claimName: disk}}]"))
            try await server.apply(Manifest.pod("elsewhere", node: "m"))
            let target = try await server.target(kind, name)
            try await follow(server, target) { follower in
                let relation = try #require(Relation(rawValue: relation))
                try await eventually("it is seen") { follower.snapshot.related[relation]?.map(\.name) == expected }
                #expect(follower.snapshot.unread.isEmpty)
            }
        }
    }
}

import APIMachinery
import Testing

@testable import KubeSchemas

@Suite struct BuiltinSchemasTests {
    @Test func `every embedded schema file is read without a fault`() throws {
        let registry = try SchemaRegistry(schemas: embeddedSchemaFiles())
        #expect(registry.types.count > 250)
    }

    @Test(arguments: [
        ("", "v1", "pods", "Pod", true), ("", "v1", "nodes", "Node", false), ("", "v1", "namespaces", "Namespace", false),
        ("apps", "v1", "deployments", "Deployment", true), ("batch", "v1", "jobs", "Job", true),
        ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false),
        ("coordination.k8s.io", "v1", "leases", "Lease", true), ("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true),
    ])
    func `the served kinds have their names and scope`(
        group: String, version: String, plural: String, kind: String, isNamespaced: Bool
    ) throws {
        let resource = try #require(
            builtinSchemas.resource(GroupVersionResource(group: group, version: version, resource: plural)))
        #expect(resource.kind == kind)
        #expect(resource.isNamespaced == isNamespaced)
    }

    @Test(arguments: [
        Pod.resource, Node.resource, Namespace.resource, Deployment.resource, ReplicaSet.resource, Job.resource, Service.resource,
        Endpoints.resource, EndpointSlice.resource, ConfigMap.resource, Secret.resource, ServiceAccount.resource, Event.resource,
        Lease.resource, Role.resource, Role.clusterResource, RoleBinding.resource, RoleBinding.clusterResource,
    ])
    func `every view names a served resource`(resource: GroupVersionResource) {
        #expect(builtinSchemas.resource(resource) != nil)
    }

    /// Kubernetes' conformance suite reads it in what `kubectl explain` prints.
    @Test func `the time of creation is explained in words that are asserted elsewhere`() throws {
        let field = try #require(builtinSchemas.type("meta.v1.ObjectMeta")?.fields.first { $0.jsonName == "creationTimestamp" })
        #expect(field.documentation.hasPrefix("CreationTimestamp is a timestamp"))
    }
}

import Testing

@testable import APIMachinery

@Suite struct RemovedVersionsTests {
    @Test(
        arguments: [
            ("extensions/v1beta1", "deployments", "extensions/v1beta1 is not served; use apps/v1"),
            ("extensions/v1beta1", "ingresses", "extensions/v1beta1 is not served; use networking.k8s.io/v1"),
            ("extensions/v1beta1", "nothing", "extensions/v1beta1 is not served"),
            ("apps/v1beta2", "deployments", "apps/v1beta2 is not served; use apps/v1"),
            ("apps/v1beta2", nil, "apps/v1beta2 is not served; use apps/v1"),
            (
                "policy/v1beta1", "podsecuritypolicies",
                "policy/v1beta1 is not served; PodSecurityPolicy is gone, use the labels pod-security.kubernetes.io/enforce, warn and audit of namespaces"
            ),
        ] as [(String, String?, String)])
    func `a group version that is gone names the one to use`(apiVersion: String, resource: String?, advice: String) throws {
        let groupVersion = try #require(GroupVersion(apiVersion: apiVersion))
        #expect(RemovedVersions.advice(groupVersion, resource: resource, TestSchemas.registry) == advice)
    }

    @Test(arguments: [("apps/v1", "nothing"), ("apps/v1beta1", "nothing"), ("example.com/v1", "things"), ("v1", "pods")])
    func `nothing is advised where there is nothing to use instead`(apiVersion: String, resource: String) throws {
        let groupVersion = try #require(GroupVersion(apiVersion: apiVersion))
        #expect(RemovedVersions.advice(groupVersion, resource: resource, TestSchemas.registry) == nil)
    }
}

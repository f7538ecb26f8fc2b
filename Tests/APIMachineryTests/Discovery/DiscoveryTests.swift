import JSONCore
import Testing

@testable import APIMachinery

@Suite struct DiscoveryTests {
    @Test func `core versions name the address that was reached`() throws {
        #expect(
            Discovery.coreVersions(TestSchemas.registry, serverAddress: "127.0.0.1:6443")
                == (try json(
                    #"{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"127.0.0.1:6443"}]}"#
                )))
    }

    @Test func `groups are listed without core`() throws {
        let apps = try json(
            #"{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}"#)
        #expect(Discovery.groupList(TestSchemas.registry) == ["kind": "APIGroupList", "apiVersion": "v1", "groups": [apps]])
        var whole = apps
        whole["kind"] = "APIGroup"
        whole["apiVersion"] = "v1"
        #expect(Discovery.group("apps", TestSchemas.registry) == whole)
        #expect(Discovery.group("nope", TestSchemas.registry) == nil)
        #expect(Discovery.group("", TestSchemas.registry) == nil)
    }

    @Test func `a group version lists resources and subresources by name`() throws {
        let list = try #require(Discovery.resourceList(GroupVersion(group: "", version: "v1"), TestSchemas.registry))
        let names = list["resources"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
        #expect(
            names == [
                "bindings", "namespaces", "namespaces/status", "pods", "pods/eviction", "pods/exec", "pods/log", "pods/status", "secrets",
            ])
        #expect(
            list["resources"]?[3]
                == (try json(
                    #"{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"shortNames":["po"],"categories":["all"]}"#
                )))
        #expect(
            list["resources"]?[4]
                == (try json(
                    #"{"name":"pods/eviction","singularName":"","namespaced":true,"group":"policy","version":"v1","kind":"Eviction","verbs":["create"]}"#
                )))
        #expect(Discovery.resourceList(GroupVersion(group: "x", version: "v1"), TestSchemas.registry) == nil)
    }

    @Test func `the aggregated document holds every resource once`() throws {
        let core = Discovery.aggregated(TestSchemas.registry, isCore: true)
        #expect(core["apiVersion"] == "apidiscovery.k8s.io/v2")
        #expect(core["items"]?.arrayValue?.count == 1)
        #expect(core["items"]?[0]?["metadata"]?["name"] == nil)
        let apps = Discovery.aggregated(TestSchemas.registry, isCore: false)
        #expect(
            apps["items"]
                == (try json(
                    #"""
                    [{"metadata":{"name":"apps","creationTimestamp":null},"versions":[{"version":"v1","freshness":"Current","resources":[
                    {"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"scope":"Namespaced",
                    "singularResource":"deployment","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],
                    "shortNames":["deploy"],"categories":["all"],"subresources":[
                    {"subresource":"scale","responseKind":{"group":"autoscaling","version":"v1","kind":"Scale"},"verbs":["get","patch","update"]},
                    {"subresource":"status","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"verbs":["get","patch","update"]}]}]}]}]
                    """#)))
    }

    @Test func `both versions of the aggregated document say the same`() {
        let (old, new) = (
            Discovery.aggregated(TestSchemas.registry, isCore: false, version: "v2beta1"), Discovery.aggregated(TestSchemas.registry, isCore: false)
        )
        #expect(old["apiVersion"] == "apidiscovery.k8s.io/v2beta1")
        #expect(old["items"] == new["items"])
    }

    @Test func `what is stored has a storage hash`() throws {
        let list = try #require(
            Discovery.resourceList(GroupVersion(group: "", version: "v1"), TestSchemas.registry) { "hash of \($0.kind)" })
        let hashes = (list["resources"]?.arrayValue ?? []).compactMap { entry in
            entry["storageVersionHash"]?.stringValue.map { "\(entry["name"]?.stringValue ?? ""): \($0)" }
        }
        #expect(hashes == ["namespaces: hash of Namespace", "pods: hash of Pod", "secrets: hash of Secret"])
    }
}

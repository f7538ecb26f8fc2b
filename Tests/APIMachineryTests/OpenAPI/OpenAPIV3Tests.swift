import JSONCore
import Testing

@testable import APIMachinery

@Suite struct OpenAPIV3Tests {
    static let apps = OpenAPIV3.document(for: GroupVersion(group: "apps", version: "v1"), registry: TestSchemas.registry)
    static let core = OpenAPIV3.document(for: GroupVersion(group: "", version: "v1"), registry: TestSchemas.registry)

    func component(_ document: JSONValue, _ name: String) -> JSONValue? { document["components", "schemas"]?[name] }

    @Test func `a patch tells kubectl about field validation and strategic merge`() throws {
        let patch = try #require(Self.apps["paths"]?["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]?["patch"])
        #expect(patch["x-kubernetes-group-version-kind"] == ["group": "apps", "version": "v1", "kind": "Deployment"])
        let parameters = patch["parameters"]?.arrayValue ?? []
        for name in ["fieldValidation", "dryRun"] {
            #expect(parameters.contains { $0["name"]?.stringValue == name && $0["in"] == "query" })
        }
        #expect(patch["requestBody", "content"]?["application/strategic-merge-patch+json"] != nil)
        #expect(patch["operationId"] == "patchAppsV1NamespacedDeployment")
    }

    @Test func `every verb has its path`() throws {
        let paths = try #require(Self.core["paths"]?.objectValue)
        #expect(
            Set(paths.keys) == [
                "/api/v1/namespaces/{namespace}/pods", "/api/v1/pods", "/api/v1/namespaces/{namespace}/pods/{name}",
                "/api/v1/namespaces/{namespace}/pods/{name}/status", "/api/v1/namespaces/{namespace}/pods/{name}/log",
                "/api/v1/namespaces/{namespace}/pods/{name}/exec", "/api/v1/namespaces/{namespace}/pods/{name}/eviction",
                "/api/v1/namespaces", "/api/v1/namespaces/{name}", "/api/v1/namespaces/{name}/status",
                "/api/v1/namespaces/{namespace}/bindings", "/api/v1/namespaces/{namespace}/secrets", "/api/v1/secrets",
                "/api/v1/namespaces/{namespace}/secrets/{name}",
            ])
        let pods = try #require(paths["/api/v1/namespaces/{namespace}/pods"]?.objectValue)
        #expect(Set(pods.keys) == ["delete", "get", "post", "parameters"])
        #expect(paths["/api/v1/namespaces/{namespace}/bindings"]?.objectValue?.keys == ["post", "parameters"])
    }

    @Test func `components carry what kubectl and appliers need`() throws {
        let deployment = try #require(component(Self.apps, "io.k8s.api.apps.v1.Deployment"))
        #expect(deployment["x-kubernetes-group-version-kind"] == [["group": "apps", "kind": "Deployment", "version": "v1"]])
        let spec = try #require(component(Self.apps, "io.k8s.api.apps.v1.DeploymentSpec"))
        #expect(spec["required"] == ["selector", "template"])
        #expect(spec["properties", "replicas"] == (try json(#"{"description":"How many pods are wanted.","type":"integer","format":"int32","default":1}"#)))
        #expect(
            spec["properties", "template"]
                == (try json(
                    ##"{"description":"What each pod is made from.","allOf":[{"$ref":"#/components/schemas/io.k8s.api.core.v1.PodTemplateSpec"}],"default":{}}"##
                )))
        #expect(spec["properties", "strategy", "x-kubernetes-patch-strategy"] == "retainKeys")
        let pod = try #require(component(Self.core, "io.k8s.api.core.v1.PodSpec"))
        #expect(
            pod["properties", "volumes"]
                == (try json(
                    ##"{"type":"array","items":{"default":{},"allOf":[{"$ref":"#/components/schemas/io.k8s.api.core.v1.Volume"}]},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge,retainKeys"}"##
                )))
        #expect(component(Self.core, "io.k8s.apimachinery.pkg.util.intstr.IntOrString")?["format"] == "int-or-string")
        #expect(component(Self.core, "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector") == nil)
        #expect(component(Self.apps, "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector")?["x-kubernetes-map-type"] == "atomic")
    }

    @Test func `every reference leads to a component`() throws {
        for document in [Self.apps, Self.core] {
            let known = Set(document["components", "schemas"]?.objectValue?.keys ?? [])
            var waiting = [document]
            while let value = waiting.popLast() {
                switch value {
                case .object(let members):
                    if let target = members["$ref"]?.stringValue {
                        #expect(known.contains(String(target.dropFirst("#/components/schemas/".count))), "\(target)")
                    }
                    waiting += members.map(\.value)
                case .array(let elements): waiting += elements
                default: break
                }
            }
        }
    }

    @Test func `the index names every document with its hash`() {
        let documents = OpenAPIV3.documents(registry: TestSchemas.registry) { "H\($0.count)" }
        #expect(documents.map(\.groupVersion.urlPath) == ["api/v1", "apis/apps/v1"])
        let index = OpenAPIV3.index(of: Dictionary(documents.map { ($0.groupVersion.urlPath, $0.hash) }) { first, _ in first })
        #expect(index["paths"]?["api/v1"]?["serverRelativeURL"] == .string("/openapi/v3/api/v1?hash=H\(documents[0].bytes.count)"))
        #expect(OpenAPIV3.documents(registry: TestSchemas.registry) { "H\($0.count)" }.map(\.bytes) == documents.map(\.bytes))
    }
}

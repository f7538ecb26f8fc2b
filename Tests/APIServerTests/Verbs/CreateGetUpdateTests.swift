import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct CreateGetUpdateTests {
    @Test func `a created object carries what the server decides`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, configMaps, TestServer.configMap("c"))
            #expect(created.status == 201)
            let object = created.object
            #expect(object.kind == "ConfigMap")
            #expect(object.namespace == "default")
            #expect(object.uid.utf8.count == 36)
            #expect(object.creationTimestamp != nil)
            #expect(object.revision ?? 0 > 0)
            let read = try await api.call(.get, "\(configMaps)/c")
            #expect(read.value == created.value)
            let again = try await api.call(.post, configMaps, TestServer.configMap("c"))
            #expect(again.status == 409)
            #expect(again.message == "configmaps \"c\" already exists")
        }
    }

    @Test func `generateName makes names that are free`() async throws {
        try await TestServer.with { api async throws in
            let body = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"generateName\":\"job-\"}}"
            var names: Set<String> = []
            for _ in 0..<20 {
                let answer = try await api.call(.post, configMaps, body)
                #expect(answer.status == 201)
                #expect(answer.object.name.hasPrefix("job-"))
                #expect(answer.object.name.utf8.count == 9)
                names.insert(answer.object.name)
            }
            #expect(names.count == 20)
        }
    }

    @Test(arguments: [
        ("POST", configMaps, "{", 400, "couldn't get version/kind"),
        ("POST", configMaps, "[]", 400, "not an object"),
        ("POST", configMaps, "{\"kind\":\"Pod\"}", 400, "cannot be handled as a ConfigMap"),
        ("POST", configMaps, "{\"apiVersion\":\"v2\"}", 400, "does not match the expected API version (v1)"),
        ("POST", configMaps, "{\"metadata\":{}}", 422, "name or generateName is required"),
        ("POST", configMaps, "{\"metadata\":{\"name\":\"A_b\"}}", 422, "a lowercase RFC 1123 subdomain"),
        ("POST", configMaps, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"other\"}}", 400, "does not match the namespace"),
        ("POST", configMaps, "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"5\"}}", 400, "resourceVersion should not be set"),
        ("POST", configMaps, "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":1}}", 400, "data"),
        ("POST", configMaps, "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k/k\":\"\"}}", 422, "data[k/k]"),
        ("POST", "/api/v1/namespaces/none/configmaps", "{\"metadata\":{\"name\":\"a\"}}", 404, "namespaces \"none\" not found"),
        ("POST", "\(configMaps)?dryRun=Some", "{\"metadata\":{\"name\":\"a\"}}", 422, "Unsupported value: \"Some\""),
        ("POST", "\(configMaps)?fieldValidation=Strict", "{\"metadata\":{\"name\":\"a\"},\"dada\":{}}", 400, "unknown field \"dada\""),
        ("GET", "\(configMaps)/none", "", 404, "configmaps \"none\" not found"),
        ("GET", "/api/v1/namespaces/default/nothings", "", 404, "could not find the requested resource"),
        ("GET", "/apis/apps/v9/deployments", "", 404, "could not find the requested resource"),
        ("GET", "/nowhere", "", 404, "could not find the requested resource"),
        ("PUT", configMaps, "{}", 405, "does not allow this method"),
        ("PUT", "\(configMaps)/none", "{\"metadata\":{\"name\":\"none\"}}", 404, "configmaps \"none\" not found"),
        ("PUT", "\(configMaps)/none", "{\"metadata\":{\"name\":\"b\"}}", 400, "does not match the name on the URL"),
        ("PATCH", "\(configMaps)/none", "{}", 415, "application/strategic-merge-patch+json"),
        ("DELETE", "\(configMaps)/none", "", 404, "configmaps \"none\" not found"),
        ("GET", "/api/v1/pods?fieldSelector=spec.foo=x", "", 400, "field label not supported: spec.foo"),
        ("GET", "/api/v1/pods?labelSelector=a%20b%20c", "", 400, "unable to parse requirement"),
        ("GET", "/api/v1/pods?limit=x", "", 400, "limit"),
        ("GET", "/api/v1/pods?resourceVersionMatch=Exact", "", 422, "resourceVersionMatch is forbidden unless resourceVersion"),
        ("GET", "/api/v1/pods?resourceVersion=999999999", "", 504, "Too large resource version: 999999999"),
        ("GET", "/api/v1/pods?continue=xyz", "", 400, "continue"),
        ("GET", "/api/v1/pods?watch=true&sendInitialEvents=true", "", 422, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        ("GET", "\(configMaps)?watch=true&resourceVersionMatch=Exact", "", 422, "supported values: \"NotOlderThan\""),
        ("GET", "\(configMaps)?resourceVersionMatch=Exact&resourceVersion=0", "", 422, "\"exact\" is forbidden for resourceVersion \"0\""),
        ("GET", "/api/v1/namespaces/default?resourceVersion=999999999", "", 504, "Too large resource version: 999999999"),
        ("GET", "/api/v1/namespaces/default?resourceVersion=x", "", 422, "GetOptions.meta.k8s.io"),
        ("PUT", "/api/v1/namespaces/default", "{}", 400, "the name of the object (default based on URL) was undeterminable: name must be provided"),
        ("GET", "\(configMaps)?includeObject=Bogus", "", 400, "unrecognized includeObject value: \"Bogus\""),
        (
            "PUT", "/api/v1/namespaces/default/finalize", "{\"metadata\":{\"name\":\"default\"},\"spec\":{\"finalizers\":[\"a b\"]}}", 422,
            "spec.finalizers[0]: Invalid value: \"a b\""
        ),
        (
            "DELETE", "/api/v1/namespaces/default", "{\"propagationPolicy\":\"Orphan\",\"orphanDependents\":true}", 422,
            "propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be both set"
        ),
    ])
    func `a wrong request gets its status and a text that says why`(
        method: String, target: String, body: String, status: Int, text: String
    ) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(try #require(APIRequest.Method(rawValue: method)), target, body)
            #expect(answer.status == status, "\(answer.message)")
            #expect(answer.message.contains(text), "\(answer.message)")
            #expect(answer.value["kind"] == "Status")
        }
    }

    @Test func `what is wrong is told as far as an answer can carry it`() async throws {
        try await TestServer.with { api async throws in
            let owners = (0..<500).map { "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\($0)\",\"uid\":\"\($0)\",\"controller\":true}" }
            let list = owners.joined(separator: ",")
            let many = try await api.call(.post, configMaps, "{\"metadata\":{\"name\":\"a\",\"ownerReferences\":[\(list)]}}")
            #expect(many.status == 422)
            #expect(many.value["details", "causes"]?.arrayValue?.count == 1)
            let bad = (0..<500).map { "\"-\($0)\":\"v\"" }.joined(separator: ",")
            let labels = try await api.call(.post, configMaps, "{\"metadata\":{\"name\":\"a\",\"labels\":{\(bad)}}}")
            #expect(labels.status == 422)
            #expect(labels.value["details", "causes"]?.arrayValue?.count == 100)
            #expect(try await api.call(.post, configMaps, "{\"metadata\":{\"name\":\"a\"}}").status == 201)
            let keys = (0..<5000).map { "\"k\($0)\":0" }.joined(separator: ",")
            let patch = "[{\"op\":\"test\",\"path\":\"/kind\",\"value\":\"ConfigMap\",\(keys)}]"
            let patched = try await api.call(.patch, "\(configMaps)/a", patch, type: "application/json-patch+json")
            #expect(patched.status == 200)
            #expect(patched.warnings.first == "299 - \"json patch unknown field \\\"[0].k0\\\"\"")
            #expect(patched.warnings.count <= 100 && patched.warnings.reduce(0) { $0 + $1.utf8.count } < 8192)
            let strict = try await api.call(.patch, "\(configMaps)/a?fieldValidation=Strict", patch, type: "application/json-patch+json")
            #expect(strict.status == 422)
        }
    }

    @Test func `unknown fields warn by default and are dropped`() async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, configMaps, "{\"metadata\":{\"name\":\"a\"},\"dada\":{}}")
            #expect(answer.status == 201)
            #expect(answer.warnings == ["299 - \"unknown field \\\"dada\\\"\""])
            #expect(answer.value["dada"] == nil)
        }
    }

    @Test func `a dry run answers and stores nothing`() async throws {
        try await TestServer.with { api async throws in
            let before = api.store.currentRevision
            #expect(try await api.call(.post, "\(configMaps)?dryRun=All", TestServer.configMap("c")).status == 201)
            #expect(api.store.currentRevision == before)
            #expect(try await api.call(.get, "\(configMaps)/c").status == 404)
        }
    }

    @Test func `an update with an old revision conflicts, without one it wins, and with nothing new it changes nothing`() async throws {
        try await TestServer.with { api async throws in
            let first = try await api.call(.post, configMaps, TestServer.configMap("c")).object
            var second = first
            second["data", "k"] = "2"
            let updated = try await api.call(.put, "\(configMaps)/c", "\(second.value)").object
            #expect(updated.revision ?? 0 > first.revision ?? 0)
            let stale = try await api.call(.put, "\(configMaps)/c", "\(first.value)")
            #expect(stale.status == 409)
            #expect(stale.message.hasPrefix("Operation cannot be fulfilled on configmaps \"c\": the object has been modified"))
            second.resourceVersion = ""
            let same = try await api.call(.put, "\(configMaps)/c", "\(second.value)").object
            #expect(same.resourceVersion == updated.resourceVersion)
            var foreign = second
            foreign.uid = "00000000-0000-4000-8000-000000000000"
            #expect(try await api.call(.put, "\(configMaps)/c", "\(foreign.value)").status == 409)
        }
    }

    @Test func `status and the rest do not touch each other, and only the rest counts generations`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, deployments, TestServer.deployment("d")).object
            #expect(created.generation == 1)
            #expect(created["status"] == nil || created["status"]?.objectValue?.isEmpty == true)
            var status = created
            status["status"] = ["replicas": 2]
            status["spec", "replicas"] = 9
            status["metadata", "annotations", "note"] = "x"
            let afterStatus = try await api.call(.put, "\(deployments)/d/status", "\(status.value)").object
            #expect(afterStatus.integer("status", "replicas") == 2)
            #expect(afterStatus.integer("spec", "replicas") == 2)
            #expect(afterStatus.annotations["note"] == "x")
            #expect(afterStatus.generation == 1)
            var main = afterStatus
            main["spec", "replicas"] = 3
            main["status"] = ["replicas": 77]
            let afterMain = try await api.call(.put, "\(deployments)/d", "\(main.value)").object
            #expect(afterMain.integer("status", "replicas") == 2)
            #expect(afterMain.generation == 2)
        }
    }

    @Test func `kinds that may be created by PUT are, others are not`() async throws {
        try await TestServer.with { api async throws in
            let lease = """
                {"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"n"},"spec":{"holderIdentity":"n"}}
                """
            let path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n"
            #expect(try await api.call(.put, path, lease).status == 201)
            let unpinned = try await api.call(.put, path, lease.replacing("\"n\"}}", with: "\"m\"}}"))
            #expect(unpinned.status == 422)
            #expect(unpinned.message.contains("metadata.resourceVersion: Invalid value: 0: must be specified for an update"))
        }
    }

    @Test func `bodies may be YAML`() async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(
                .post, configMaps, "metadata:\n  name: yam\ndata:\n  a: b\n", type: "application/yaml", accept: "application/yaml")
            #expect(answer.status == 201)
            #expect(answer.response.contentType == "application/yaml")
            #expect(try await api.call(.get, "\(configMaps)/yam").object.string("data", "a") == "b")
        }
    }

    @Test func `the label of a namespace is its creator's`() async throws {
        try await TestServer.with { api async throws in
            let made = try await api.call(
                .post, "/api/v1/namespaces?fieldManager=m", "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n\"}}")
            #expect(made.object.labels == ["kubernetes.io/metadata.name": "n"])
            let fields = made.object["metadata", "managedFields"]?[0]?["fieldsV1"]
            #expect(fields?["f:metadata", "f:labels", "f:kubernetes.io/metadata.name"] != nil, "\(made.object.metadata)")
            let bare = try await api.call(
                .patch, "/api/v1/namespaces/n", "{\"metadata\":{\"labels\":null}}", type: "application/merge-patch+json")
            #expect(bare.object.labels == ["kubernetes.io/metadata.name": "n"])
        }
    }

    @Test func `strict YAML names keys given twice as Go does`() async throws {
        try await TestServer.with { api async throws in
            let body = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: a\n  k: b\nstray: 1\n"
            let answer = try await api.call(.post, "\(configMaps)?fieldValidation=Strict", body, type: "application/yaml")
            #expect(answer.status == 400)
            #expect(
                answer.message
                    == "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 7: key \"k\" already set in map, unknown field \"stray\""
            )
        }
    }

    @Test func `a namespace on its way out takes nothing new and goes when it is finalized`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, "/api/v1/namespaces", "{\"metadata\":{\"name\":\"n\"}}").status == 201)
            let deleted = try await api.call(.delete, "/api/v1/namespaces/n")
            #expect(deleted.object.string("status", "phase") == "Terminating")
            let refused = try await api.call(.post, "/api/v1/namespaces/n/configmaps", TestServer.configMap("c"))
            #expect(refused.status == 403)
            #expect(refused.value["details"]?["causes"]?[0]?["reason"] == "NamespaceTerminating")
            var namespace = try await api.call(.get, "/api/v1/namespaces/n").object
            namespace["spec", "finalizers"] = []
            #expect(try await api.call(.put, "/api/v1/namespaces/n/finalize", "\(namespace.value)").status == 200)
            #expect(try await api.call(.get, "/api/v1/namespaces/n").status == 404)
            #expect(try await api.call(.delete, "/api/v1/namespaces/default").status == 403)
        }
    }
}

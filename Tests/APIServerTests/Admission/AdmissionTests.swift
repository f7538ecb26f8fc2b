import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import APIServer

struct AdmissionTests {
    static let core = "/api/v1/namespaces/default"

    static func object(_ apiVersion: String, _ kind: String, _ name: String, _ rest: String) -> String {
        "{\"kind\":\"\(kind)\",\"apiVersion\":\"\(apiVersion)\",\"metadata\":{\"name\":\"\(name)\"}\(rest.isEmpty ? "" : ",\(rest)")}"
    }

    static func container(_ resources: String = "{}") -> String {
        "\"containers\":[{\"name\":\"c\",\"image\":\"busybox\",\"resources\":\(resources)}]"
    }

    @Test func `a namespace comes with the account its pods run as`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, "/api/v1/namespaces", Self.object("v1", "Namespace", "n", "")).status == 201)
            #expect(try await api.call(.get, "/api/v1/namespaces/n/serviceaccounts/default").status == 200)
            #expect(try await api.call(.post, "/api/v1/namespaces/n/pods", TestServer.pod("p")).status == 201)
            let spec = "\"serviceAccountName\":\"robot\",\(Self.container())"
            let stranger = try await api.call(.post, pods, TestServer.pod("p", spec: spec))
            #expect(stranger.status == 403)
            #expect(
                stranger.message
                    == "pods \"p\" is forbidden: error looking up service account default/robot: serviceaccount \"robot\" not found")
        }
    }

    @Test func `limits fill in what a container leaves open and refuse what is out of bounds`() async throws {
        try await TestServer.with { api async throws in
            let limits = """
                "spec":{"limits":[{"type":"Container","max":{"cpu":"1"},"min":{"cpu":"100m"},"default":{"memory":"64Mi"},
                "maxLimitRequestRatio":{"cpu":"4"}},{"type":"PersistentVolumeClaim","max":{"storage":"1Gi"}}]}
                """
            let made = try await api.call(.post, "\(Self.core)/limitranges", Self.object("v1", "LimitRange", "l", limits))
            #expect(made.status == 201)
            #expect(made.object.array("spec", "limits")[0]["defaultRequest", "cpu"] == "1")
            let pod = try await api.call(.post, pods, TestServer.pod("p", spec: Self.container())).object
            let resources = pod.array("spec", "containers")[0]["resources"]
            #expect(resources?["limits", "cpu"] == "1")
            #expect(resources?["requests", "memory"] == "64Mi")
            #expect(pod.annotations["kubernetes.io/limit-ranger"]?.hasPrefix("LimitRanger plugin set: cpu, memory limit for container c") == true)
            for (resources, text) in [
                ("{\"requests\":{\"cpu\":\"50m\"}}", "minimum cpu usage per Container is 100m, but request is 50m"),
                ("{\"limits\":{\"cpu\":\"2\"}}", "maximum cpu usage per Container is 1, but limit is 2"),
                (
                    "{\"limits\":{\"cpu\":\"1\"},\"requests\":{\"cpu\":\"200m\"}}",
                    "cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000"
                ),
            ] {
                let refused = try await api.call(.post, pods, TestServer.pod("q", spec: Self.container(resources)))
                #expect(refused.status == 403)
                #expect(refused.message.contains(text), "\(refused.message)")
            }
            let claim = "\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"2Gi\"}}}"
            let large = try await api.call(
                .post, "\(Self.core)/persistentvolumeclaims", Self.object("v1", "PersistentVolumeClaim", "c", claim))
            #expect(large.message.contains("maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi"), "\(large.message)")
        }
    }

    @Test func `a quota holds against parallel requests, and a deletion frees its share at once`() async throws {
        try await TestServer.with { api async throws in
            let quota = Self.object(
                "v1", "ResourceQuota", "q", "\"spec\":{\"hard\":{\"pods\":\"3\",\"requests.cpu\":\"2\",\"count/configmaps\":\"1\"}}")
            #expect(try await api.call(.post, "\(Self.core)/resourcequotas", quota).status == 201)
            let spec = Self.container("{\"requests\":{\"cpu\":\"500m\"}}")
            let codes = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<12 {
                    group.addTask { try await api.call(.post, pods, TestServer.pod("p\(number)", spec: spec)).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.filter { $0 == 201 }.count == 3)
            #expect(codes.filter { $0 == 403 }.count == 9)
            let refused = try await api.call(.post, pods, TestServer.pod("late", spec: spec))
            #expect(
                refused.message
                    == "pods \"late\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3")
            let first = try #require(try await api.call(.get, pods).value["items"]?[0]?["metadata", "name"]?.stringValue)
            #expect(try await api.call(.delete, "\(pods)/\(first)").status == 200)
            let unsaid = try await api.call(.post, pods, TestServer.pod("u"))
            #expect(unsaid.message == "pods \"u\" is forbidden: failed quota: q: must specify requests.cpu for: c")
            let large = try await api.call(.post, pods, TestServer.pod("l", spec: Self.container("{\"requests\":{\"cpu\":\"1100m\"}}")))
            #expect(large.message.hasSuffix("exceeded quota: q, requested: requests.cpu=1100m, used: requests.cpu=1, limited: requests.cpu=2"))
            #expect(try await api.call(.post, "\(pods)?dryRun=All", TestServer.pod("dry", spec: spec)).status == 201)
            #expect(try await api.call(.post, pods, TestServer.pod("again", spec: spec)).status == 201)
            #expect(try await api.call(.post, configMaps, TestServer.configMap("a")).status == 201)
            #expect(try await api.call(.post, configMaps, TestServer.configMap("b")).message.contains("count/configmaps=1"))
            // A write that fails for another reason gives back what it took.
            #expect(try await api.call(.delete, "\(configMaps)/a").status == 200)
            #expect(try await api.call(.post, configMaps, TestServer.configMap("B")).status == 422)
            #expect(try await api.call(.post, configMaps, TestServer.configMap("b")).status == 201)
        }
    }

    @Test func `only processor and memory must be said under a quota`() async throws {
        try await TestServer.with { api async throws in
            let hard =
                "\"requests.ephemeral-storage\":\"1Gi\",\"limits.ephemeral-storage\":\"1Gi\",\"requests.example.com/gpu\":\"1\",\"limits.memory\":\"1Gi\""
            let quota = Self.object("v1", "ResourceQuota", "q", "\"spec\":{\"hard\":{\(hard)}}")
            #expect(try await api.call(.post, "\(Self.core)/resourcequotas", quota).status == 201)
            let unsaid = try await api.call(.post, pods, TestServer.pod("u"))
            #expect(unsaid.message == "pods \"u\" is forbidden: failed quota: q: must specify limits.memory for: c")
            let spec = "\"containers\":[{\"name\":\"c\",\"image\":\"x\",\"resources\":{\"limits\":{\"memory\":\"1Mi\"}}}]"
            let said = try await api.call(.post, pods, TestServer.pod("s", spec: spec))
            #expect(said.status == 201, "\(said.message)")
        }
    }

    @Test func `scopes say which pods a quota counts`() async throws {
        try await TestServer.with { api async throws in
            let spec = "\"spec\":{\"hard\":{\"pods\":\"1\"},\"scopes\":[\"BestEffort\"]}"
            #expect(try await api.call(.post, "\(Self.core)/resourcequotas", Self.object("v1", "ResourceQuota", "b", spec)).status == 201)
            #expect(try await api.call(.post, pods, TestServer.pod("a")).status == 201)
            #expect(try await api.call(.post, pods, TestServer.pod("b")).status == 403)
            let burstable = Self.container("{\"requests\":{\"cpu\":\"1m\"}}")
            #expect(try await api.call(.post, pods, TestServer.pod("c", spec: burstable)).status == 201)
        }
    }

    @Test func `a scope says of which classes the claims are that a quota counts`() async throws {
        try await TestServer.with { api async throws in
            let claims = "\(Self.core)/persistentvolumeclaims"
            let term = "{\"scopeName\":\"VolumeAttributesClass\",\"operator\":\"In\",\"values\":[\"gold\"]}"
            let quota = "\"spec\":{\"hard\":{\"persistentvolumeclaims\":\"1\"},\"scopeSelector\":{\"matchExpressions\":[\(term)]}}"
            #expect(try await api.call(.post, "\(Self.core)/resourcequotas", Self.object("v1", "ResourceQuota", "q", quota)).status == 201)
            func claim(_ name: String, _ attributes: String) -> String {
                let rest = "\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}"
                return Self.object("v1", "PersistentVolumeClaim", name, "\"spec\":{\"volumeAttributesClassName\":\"\(attributes)\",\(rest)}")
            }
            #expect(try await api.call(.post, claims, claim("a", "gold")).status == 201)
            let refused = try await api.call(.post, claims, claim("b", "gold"))
            #expect(
                refused.message.hasSuffix(
                    "exceeded quota: q, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=1, limited: persistentvolumeclaims=1"))
            #expect(try await api.call(.post, claims, claim("b", "silver")).status == 201)
            #expect(try await api.call(.post, claims, claim("c", "")).status == 201)
            // What was of another class is counted once it asks for this one.
            let change = "{\"spec\":{\"volumeAttributesClassName\":\"gold\"}}"
            #expect(try await api.call(.patch, "\(claims)/b", change, type: "application/merge-patch+json").status == 403)
            #expect(try await api.call(.delete, "\(claims)/a?gracePeriodSeconds=0").status == 200)
        }
    }

    @Test func `a priority follows from its class`() async throws {
        try await TestServer.with { api async throws in
            let classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
            func make(_ name: String, _ rest: String) async throws -> TestServer.Answer {
                try await api.call(.post, classes, Self.object("scheduling.k8s.io/v1", "PriorityClass", name, rest))
            }
            #expect(try await make("high", "\"value\":1000,\"preemptionPolicy\":\"Never\"").status == 201)
            let pod = try await api.call(.post, pods, TestServer.pod("p", spec: "\"priorityClassName\":\"high\",\(Self.container())")).object
            #expect(pod.integer("spec", "priority") == 1000)
            #expect(pod.string("spec", "preemptionPolicy") == "Never")
            let unknown = try await api.call(.post, pods, TestServer.pod("u", spec: "\"priorityClassName\":\"none\",\(Self.container())"))
            #expect(unknown.message == "pods \"u\" is forbidden: no PriorityClass with name none was found")
            let own = try await api.call(.post, pods, TestServer.pod("o", spec: "\"priority\":5,\(Self.container())"))
            #expect(own.status == 403)
            #expect(own.message.contains("priority admission controller computed 0 from the given PriorityClass name"))
            #expect(try await make("usual", "\"value\":7,\"globalDefault\":true").status == 201)
            #expect(try await api.call(.post, pods, TestServer.pod("d")).object.integer("spec", "priority") == 7)
            let second = try await make("other", "\"value\":8,\"globalDefault\":true")
            #expect(second.message.contains("PriorityClass usual is already marked as default. Only one default can exist"))
            #expect(try await make("system-mine", "\"value\":8").status == 422)
            #expect(try await make("large", "\"value\":1000000001").message.contains("maximum allowed value of a user defined priority is 1000000000"))
            let critical = "\"priorityClassName\":\"system-node-critical\",\(Self.container())"
            #expect(try await api.call(.post, pods, TestServer.pod("c", spec: critical)).object.integer("spec", "priority") == 2_000_001_000)
        }
    }

    @Test func `a runtime class gives its overhead and its nodes`() async throws {
        try await TestServer.with { api async throws in
            let runtime = Self.object(
                "node.k8s.io/v1", "RuntimeClass", "vm",
                "\"handler\":\"vm\",\"overhead\":{\"podFixed\":{\"memory\":\"64Mi\"}},\"scheduling\":{\"nodeSelector\":{\"vm\":\"yes\"}}")
            #expect(try await api.call(.post, "/apis/node.k8s.io/v1/runtimeclasses", runtime).status == 201)
            let pod = try await api.call(.post, pods, TestServer.pod("p", spec: "\"runtimeClassName\":\"vm\",\(Self.container())")).object
            #expect(pod["spec", "overhead"] == ["memory": "64Mi"])
            #expect(pod.string("spec", "nodeSelector", "vm") == "yes")
            let unknown = try await api.call(.post, pods, TestServer.pod("u", spec: "\"runtimeClassName\":\"x\",\(Self.container())"))
            #expect(unknown.status == 403)
            #expect(unknown.message == "pods \"u\" is forbidden: pod rejected: RuntimeClass \"x\" not found")
            let clash = "\"runtimeClassName\":\"vm\",\"nodeSelector\":{\"vm\":\"no\"},\(Self.container())"
            #expect(
                try await api.call(.post, pods, TestServer.pod("c", spec: clash)).message.contains("conflict: runtimeClass.scheduling.nodeSelector[vm] = yes"))
        }
    }

    @Test func `claims and ingresses get the default class, claims and volumes their finalizer`() async throws {
        try await TestServer.with { api async throws in
            let storage = """
                {"kind":"StorageClass","apiVersion":"storage.k8s.io/v1","metadata":{"name":"fast",
                "annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"x.example.com/y"}
                """
            #expect(try await api.call(.post, "/apis/storage.k8s.io/v1/storageclasses", storage).status == 201)
            let claim = "\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}"
            let made = try await api.call(
                .post, "\(Self.core)/persistentvolumeclaims", Self.object("v1", "PersistentVolumeClaim", "c", claim)
            ).object
            #expect(made.string("spec", "storageClassName") == "fast")
            #expect(made.finalizers == ["kubernetes.io/pvc-protection"])
            #expect(made.string("status", "phase") == "Pending")
        }
    }

    @Test func `the token volume is added where pods are to have it`() async throws {
        let step = ServiceAccountAdmission(mountsTokens: true)
        try await TestServer.with { api async throws in
            let core = api.server.core
            let endpoint = try #require(core.endpoints["", "v1", "pods"])
            func admitted(_ spec: String) throws -> KubeObject {
                var pod = KubeObject(try JSON.parse(Array(TestServer.pod("p", spec: spec).utf8)))
                pod.namespace = "default"
                let context = WriteContext(
                    core: core, endpoint: endpoint, user: TestServer.user, now: core.time.now(), warnings: WarningBox(),
                    manager: ManagedFields.Manager(name: "t", operation: .update, apiVersion: "v1", subresource: ""))
                try step.mutate(&pod, AdmissionRequest(.create, name: "p", namespace: "default", context))
                return pod
            }
            let pod = try admitted(Self.container())
            let volume = try #require(pod.array("spec", "volumes").first)
            #expect(volume["name"]?.stringValue?.hasPrefix("kube-api-access-") == true)
            #expect(volume["projected", "sources"]?.arrayValue?.count == 3)
            let mount = pod.array("spec", "containers")[0]["volumeMounts"]?[0]
            #expect(mount?["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount")
            #expect(mount?["name"] == volume["name"])
            #expect(try admitted("\"automountServiceAccountToken\":false,\(Self.container())").array("spec", "volumes").isEmpty)
        }
    }
}

import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct WorkloadTests {
    @Test func `a selector must select its template and stays what it was`() async throws {
        try await TestServer.with { api async throws in
            let wrong = TestServer.deployment("d").replacing("\"labels\":{\"app\":\"d\"}", with: "\"labels\":{\"app\":\"e\"}")
            let refused = try await api.call(.post, deployments, wrong)
            #expect(refused.status == 422)
            #expect(
                refused.message.contains(
                    "spec.template.metadata.labels: Invalid value: {\"app\":\"e\"}: `selector` does not match template `labels`"))
            var created = try await api.call(.post, deployments, TestServer.deployment("d")).object
            #expect(created.integer("spec", "progressDeadlineSeconds") == 600)
            created["spec", "selector", "matchLabels", "x"] = "y"
            created["spec", "template", "metadata", "labels", "x"] = "y"
            let moved = try await api.call(.put, "\(deployments)/d", "\(created.value)")
            #expect(moved.status == 422)
            #expect(moved.message.contains("spec.selector"))
            #expect(moved.message.contains("field is immutable"))
        }
    }

    @Test func `limits become requests in a pod, and not in its template`() async throws {
        try await TestServer.with { api async throws in
            let limits = "\"resources\":{\"limits\":{\"cpu\":\"200m\"}}"
            let deployment = TestServer.deployment("d").replacing("\"image\":\"nginx:1.25\"", with: "\"image\":\"nginx:1.25\",\(limits)")
            let template = try await api.call(.post, deployments, deployment).value["spec", "template", "spec", "containers"]?.arrayValue?.first
            #expect(template?["resources"] == ["limits": ["cpu": "200m"]])
            let pod = try await api.call(.post, pods, TestServer.pod("p", spec: "\"containers\":[{\"name\":\"c\",\"image\":\"x\",\(limits)}]"))
            #expect(pod.value["spec", "containers"]?.arrayValue?.first?["resources", "requests"] == ["cpu": "200m"])
        }
    }

    @Test func `scale reads and writes replicas and nothing else`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, deployments, TestServer.deployment("d"))
            let scale = try await api.call(.get, "\(deployments)/d/scale").object
            #expect(scale.kind == "Scale")
            #expect(scale.integer("spec", "replicas") == 2)
            #expect(scale.string("status", "selector") == "app=d")
            var more = scale
            more["spec", "replicas"] = 5
            #expect(try await api.call(.put, "\(deployments)/d/scale", "\(more.value)").object.integer("spec", "replicas") == 5)
            #expect(try await api.call(.put, "\(deployments)/d/scale", "\(more.value)").status == 409)
            let merge = "application/merge-patch+json"
            #expect(try await api.call(.patch, "\(deployments)/d/scale", "{\"spec\":{\"replicas\":1}}", type: merge).status == 200)
            #expect(try await api.call(.patch, "\(deployments)/d/scale", "{\"spec\":{\"replicas\":-1}}", type: merge).status == 422)
            let deployment = try await api.call(.get, "\(deployments)/d").object
            #expect(deployment.integer("spec", "replicas") == 1)
            #expect(deployment.generation == 3)
        }
    }

    @Test func `a job gets a selector of its own`() async throws {
        try await TestServer.with { api async throws in
            let body = """
                {"kind":"Job","apiVersion":"batch/v1","metadata":{"name":"j"},"spec":{"template":{"spec":
                {"restartPolicy":"Never","containers":[{"name":"c","image":"busybox"}]}}}}
                """
            let job = try await api.call(.post, "/apis/batch/v1/namespaces/default/jobs", body)
            #expect(job.status == 201, "\(job.message)")
            #expect(job.object.string("spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid") == job.object.uid)
            #expect(job.object.string("spec", "template", "metadata", "labels", "job-name") == "j")
            #expect(job.object.integer("spec", "completions") == 1)
            let always = try await api.call(
                .post, "/apis/batch/v1/namespaces/default/jobs",
                body.replacing("\"Never\"", with: "\"Always\"").replacing("\"j\"", with: "\"k\""))
            #expect(always.message.contains("spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""))
        }
    }

    private static let suspendedJob = """
        {"kind":"Job","apiVersion":"batch/v1","metadata":{"name":"j"},"spec":{"suspend":true,"parallelism":2,"completions":2,
        "completionMode":"Indexed","template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"busybox"}],
        "affinity":{"podAffinity":{}}}}}}
        """

    @Test(
        arguments: [
            (#"{"template":{"spec":{"nodeSelector":{"zone":"a"}}}}"#, nil), (#"{"template":{"spec":{"tolerations":[{"key":"a","operator":"Exists"}]}}}"#, nil),
            (#"{"template":{"metadata":{"labels":{"a":"b"},"annotations":{"c":"d"}}}}"#, nil),
            (#"{"template":{"spec":{"schedulingGates":[{"name":"a.b/c"}]}}}"#, nil),
            (#"{"template":{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"2"}}}]}}}"#, nil),
            (
                #"{"template":{"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":"#
                    + #"[{"matchExpressions":[{"key":"a","operator":"Exists"}]}]}}}}}}"#, nil
            ),
            (#"{"template":{"spec":{"affinity":null}}}"#, "spec.template"), (#"{"template":{"spec":{"hostNetwork":true}}}"#, "spec.template"),
            (#"{"template":{"spec":{"containers":[{"name":"c","image":"other"}]}}}"#, "spec.template"),
            (#"{"completions":3,"parallelism":3}"#, nil), (#"{"completions":3}"#, "spec.completions"),
            (#"{"backoffLimitPerIndex":3}"#, "spec.backoffLimitPerIndex"),
            (#"{"completionMode":"NonIndexed"}"#, "spec.completionMode"),
        ] as [(String, String?)])
    func `what has not begun may still go elsewhere, but stays what it is`(spec: String, refused: String?) async throws {
        try await TestServer.with { api async throws in
            let jobs = "/apis/batch/v1/namespaces/default/jobs"
            #expect(try await api.call(.post, jobs, Self.suspendedJob).status == 201)
            func change() async throws -> TestServer.Answer {
                try await api.call(.patch, "\(jobs)/j", #"{"spec":\#(spec)}"#, type: "application/strategic-merge-patch+json")
            }
            let answer = try await change()
            #expect(answer.status == (refused == nil ? 200 : 422), "\(answer.message)")
            if let refused { #expect(answer.message.contains("\(refused): Invalid value: "), "\(answer.message)") }
        }
    }

    @Test(arguments: [
        (#"{"startTime":"2026-01-01T00:00:00Z"}"#, 422), (#"{"active":1}"#, 422),
        (#"{"startTime":"2026-01-01T00:00:00Z","conditions":[{"type":"Suspended","status":"True"}]}"#, 200),
    ])
    func `a job that began may go elsewhere once it is paused`(status: String, code: Int) async throws {
        try await TestServer.with { api async throws in
            let jobs = "/apis/batch/v1/namespaces/default/jobs"
            let merge = "application/merge-patch+json"
            #expect(try await api.call(.post, jobs, Self.suspendedJob).status == 201)
            #expect(try await api.call(.patch, "\(jobs)/j/status", #"{"status":\#(status)}"#, type: merge).status == 200)
            let change = #"{"spec":{"template":{"spec":{"nodeSelector":{"zone":"a"}}}}}"#
            #expect(try await api.call(.patch, "\(jobs)/j", change, type: merge).status == code)
            let resumed = #"{"spec":{"suspend":false,"template":{"spec":{"nodeSelector":null}}}}"#
            #expect(try await api.call(.patch, "\(jobs)/j", resumed, type: merge).status == 200)
            #expect(try await api.call(.patch, "\(jobs)/j", change, type: merge).status == 422)
        }
    }

    @Test func `what a cron job makes may change in every way`() async throws {
        try await TestServer.with { api async throws in
            let jobs = "/apis/batch/v1/namespaces/default/cronjobs"
            let body = """
                {"kind":"CronJob","apiVersion":"batch/v1","metadata":{"name":"c"},"spec":{"schedule":"0 0 * * *","jobTemplate":{"spec":{
                "template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"busybox"}]}}}}}}
                """
            #expect(try await api.call(.post, jobs, body).status == 201)
            let changed = body.replacing("busybox", with: "nginx").replacing(
                "{\"spec\":{\n\"template\"", with: "{\"spec\":{\"completionMode\":\"Indexed\",\"completions\":2,\"template\"")
            let answer = try await api.call(.put, "\(jobs)/c", changed)
            #expect(answer.status == 200, "\(answer.message)")
            let job = answer.object["spec", "jobTemplate", "spec"]
            #expect(job?["completionMode"] == "Indexed")
            #expect(job?["template", "spec", "containers"]?.arrayValue?.first?["image"] == "nginx")
        }
    }

    @Test func `services get free addresses and give them back`() async throws {
        try await TestServer.with { api async throws in
            func service(_ name: String, _ address: String = "") -> String {
                let extra = address.isEmpty ? "" : ",\"clusterIP\":\"\(address)\""
                return "{\"metadata\":{\"name\":\"\(name)\"},\"spec\":{\"ports\":[{\"port\":80}]\(extra)}}"
            }
            let path = "/api/v1/namespaces/default/services"
            let first = try await api.call(.post, path, service("a")).object
            let second = try await api.call(.post, path, service("b")).object
            #expect(first.string("spec", "clusterIP") != second.string("spec", "clusterIP"))
            #expect(first.array("spec", "ports").first?["targetPort"] == 80)
            let reserved = try await api.call(.post, path, service("c", "10.96.0.1"))
            #expect(reserved.status == 422)
            #expect(reserved.message.contains("provided IP is already allocated"))
            #expect(try await api.call(.post, path, service("c", "192.168.0.1")).message.contains("not in the valid range"))
            #expect(try await api.call(.post, path, service("c", "10.96.0.9")).status == 201)
            #expect(try await api.call(.post, path, service("d", "10.96.0.9")).status == 422)
            #expect(try await api.call(.delete, "\(path)/c").object.kind == "Service")
            #expect(try await api.call(.post, path, service("d", "10.96.0.9")).status == 201)
            #expect(try await api.call(.post, path, service("e", "None")).object.array("spec", "clusterIPs") == ["None"])
            var moved = first
            moved["spec", "clusterIP"] = "10.96.0.77"
            #expect(try await api.call(.put, "\(path)/a", "\(moved.value)").status == 422)
            let kubernetes = try await api.call(.get, "\(path)/kubernetes").object
            #expect(kubernetes.string("spec", "clusterIP") == "10.96.0.1")
        }
    }

    @Test func `secrets fold their strings into data, and immutable ones stay`() async throws {
        try await TestServer.with { api async throws in
            let path = "/api/v1/namespaces/default/secrets"
            let body = "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"p\":\"q\"},\"immutable\":true}"
            let secret = try await api.call(.post, path, body).object
            #expect(secret.string("data", "p") == "cQ==")
            #expect(secret["stringData"] == nil)
            #expect(secret.string("type") == "Opaque")
            let merge = "application/merge-patch+json"
            let refused = try await api.call(.patch, "\(path)/s", "{\"stringData\":{\"p\":\"r\"}}", type: merge)
            #expect(refused.message.contains("data: Forbidden: field is immutable when `immutable` is set"))
        }
    }

    @Test func `renewals of a lease and heartbeats of a node reach watchers without a commit`() async throws {
        try await TestServer.with { api async throws in
            let lease = """
                {"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"n"},
                "spec":{"holderIdentity":"n","renewTime":"2026-01-01T00:00:00.000000Z"}}
                """
            let path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
            let created = try await api.call(.post, path, lease).object
            let watch = try await api.watch("\(path)?watch=true&resourceVersion=\(created.resourceVersion)")
            let renewed = try await api.call(
                .patch, "\(path)/n", "{\"spec\":{\"renewTime\":\"2026-01-01T00:00:10.000000Z\"}}", type: "application/merge-patch+json")
            #expect(renewed.status == 200)
            #expect(renewed.object.revision ?? 0 > created.revision ?? 0)
            #expect(try await watch.next()?.object.string("spec", "renewTime") == "2026-01-01T00:00:10.000000Z")
            watch.cancel()
            #expect(
                try api.store.history(
                    of: api.server.core.endpoints["coordination.k8s.io", "v1", "leases"]!.key(namespace: "kube-node-lease", name: "n")
                ).count <= 1)
        }
    }

    @Test func `a lease keeps what belongs to coordinated elections only where it was`() async throws {
        try await TestServer.with { api async throws in
            let path = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
            let spec = #""spec":{"holderIdentity":"n","strategy":"OldestEmulationVersion","preferredHolder":"m"}"#
            let created = try await api.call(.post, path, #"{"metadata":{"name":"new"},\#(spec)}"#)
            #expect(created.object["spec"] == ["holderIdentity": "n"], "\(created.message)")
            let patch = #"{"spec":{"strategy":"OldestEmulationVersion","preferredHolder":"m"}}"#
            let changed = try await api.call(.patch, "\(path)/new", patch, type: "application/merge-patch+json")
            #expect(changed.object["spec"] == ["holderIdentity": "n"], "\(changed.message)")
            var old = created.object
            (old.name, old.uid, old.resourceVersion) = ("old", "u", "")
            old["spec", "strategy"] = "OldestEmulationVersion"
            let (bytes, splice) = ObjectCoding.encode(old)
            let key = api.server.core.endpoints["coordination.k8s.io", "v1", "leases"]!.key(namespace: "default", name: "old")
            let write = ObjectWrite(key: key, bytes: bytes, spliceOffset: splice, precondition: .mustNotExist, writer: "test")
            await withCheckedContinuation { done in api.store.submit([write]) { _ in done.resume() } }
            let kept = try await api.call(.patch, "\(path)/old", #"{"spec":{"strategy":"a.b/c","preferredHolder":"m"}}"#, type: "application/merge-patch+json")
            #expect(kept.object["spec"] == ["holderIdentity": "n", "strategy": "a.b/c"], "\(kept.message)")
        }
    }
}

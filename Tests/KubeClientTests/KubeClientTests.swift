import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization
import Testing

struct KubeClientTests {
    @Test func `verbs become the requests of the API`() async throws {
        let server = FakeServer { _ in .json(["kind": "Deployment", "apiVersion": "apps/v1", "metadata": ["name": "web"]]) }
        let client = server.client()
        let deployments = GroupVersionResource(group: "apps", version: "v1", resource: "deployments")
        let roles = GroupVersionResource(group: "rbac.authorization.k8s.io", version: "v1", resource: "clusterroles")
        let object = KubeObject(["apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "shop"]])
        _ = try await client.get(deployments, namespace: "shop", name: "web")
        _ = try await client.get(roles, namespace: nil, name: "system:node")
        _ = try await client.create(
            deployments, object, options: WriteOptions(isDryRun: true, fieldManager: "kdash", fieldValidation: "Strict"))
        _ = try await client.updateStatus(deployments, object)
        _ = try await client.patch(
            deployments, namespace: "shop", name: "web", type: .strategicMerge, ["spec": ["replicas": 2]], subresource: "scale")
        _ = try await client.delete(
            deployments, namespace: "shop", name: "web", DeleteOptions(gracePeriodSeconds: 0, uid: "u1", propagation: .foreground))
        let requests = server.requests.withLock { $0 }
        #expect(
            requests.map { "\($0.method.rawValue) \($0.target)" } == [
                "GET /apis/apps/v1/namespaces/shop/deployments/web", "GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
                "POST /apis/apps/v1/namespaces/shop/deployments?dryRun=All&fieldManager=kdash&fieldValidation=Strict",
                "PUT /apis/apps/v1/namespaces/shop/deployments/web/status", "PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale",
                "DELETE /apis/apps/v1/namespaces/shop/deployments/web",
            ])
        #expect(requests[1].pathSegments?.last == "system:node")
        #expect(requests[4].contentType == "application/strategic-merge-patch+json")
        #expect(
            try JSON.parse(requests[5].body) == [
                "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0, "preconditions": ["uid": "u1"],
                "propagationPolicy": "Foreground",
            ])
        #expect(server.users.withLock { $0.allSatisfy { $0 == .loopback } })
    }

    @Test func `a list's items carry the kind the list leaves out`() async throws {
        let server = FakeServer { _ in
            .json([
                "apiVersion": "v1", "kind": "PodList", "metadata": ["resourceVersion": "7", "continue": "next", "remainingItemCount": 3],
                "items": [["metadata": ["name": "a"]], ["kind": "Pod", "apiVersion": "v1", "metadata": ["name": "b"]]],
            ])
        }
        let options = ListOptions(
            labels: try LabelSelector(parsing: "app=web"), fields: try FieldSelector(parsing: "spec.nodeName=n1"), limit: 2,
            continueToken: "c")
        let list = try await server.client().list(podResource, namespace: "default", options)
        #expect(list.items.map(\.kind) == ["Pod", "Pod"])
        #expect(list.items.map(\.apiVersion) == ["v1", "v1"])
        #expect(list.resourceVersion == "7")
        #expect(list.continueToken == "next")
        #expect(list.remainingItemCount == 3)
        #expect(server.requests.withLock { $0.first?.queryValue("labelSelector") } == "app=web")
        #expect(server.requests.withLock { $0.first?.queryValue("fieldSelector") } == "spec.nodeName=n1")
    }

    @Test func `a deletion says whether the object is still there`() async throws {
        let gone = FakeServer { _ in .json(["kind": "Status", "status": "Success"]) }
        #expect(try await gone.client().delete(podResource, namespace: "default", name: "web") == nil)
        let ending = FakeServer { _ in .json(pod("web", revision: 3)) }
        #expect(try await ending.client().delete(podResource, namespace: "default", name: "web")?.name == "web")
    }

    @Test func `refusals are thrown as the server wrote them`() async {
        let server = FakeServer { _ in .failure(APIStatus.notFound(GroupResource(group: "", resource: "pods"), "web")) }
        let error = await #expect(throws: APIStatus.self) {
            _ = try await server.client().get(podResource, namespace: "default", name: "web")
        }
        #expect(error?.reason == .notFound)
        let broken = FakeServer { _ in APIResponse(body: .bytes(Array("{".utf8))) }
        let fault = await #expect(throws: APIStatus.self) {
            _ = try await broken.client().get(podResource, namespace: "default", name: "web")
        }
        #expect(fault?.message.contains("broken JSON") == true)
    }

    @Test func `log and exec requests carry their options`() async throws {
        let server = FakeServer { _ in .lines(ByteChannel(Array("hello\n".utf8))) }
        let source = try await server.client().logs(
            LogRequest(namespace: "default", pod: "web", container: "app", follow: true, previous: true, tailLines: 10, timestamps: true))
        #expect(try await source.collect() == Array("hello\n".utf8))
        #expect(
            server.requests.withLock { $0.first?.target }
                == "/api/v1/namespaces/default/pods/web/log?container=app&follow=true&previous=true&tailLines=10&timestamps=true")
        let exec = ExecRequest(
            namespace: "default", pod: "web", container: "app", command: ["sh", "-c", "a b"], stdin: true, stderr: false, tty: true)
        await #expect(throws: APIStatus.self) { _ = try await server.client().exec(exec) }
        #expect(server.sessions.withLock { $0.first?.queryValues("command") } == ["sh", "-c", "a b"])
        #expect(server.sessions.withLock { $0.first?.queryFlag("tty") } == true)
    }

    @Test(arguments: [("", false), ("true", true), ("1", true), ("", false), ("False", false), ("0", false), ("x", true)])
    func `flags are read as the API server reads them`(value: String, expected: Bool) {
        let query = value.isEmpty ? [] : [QueryItem("watch", value)]
        #expect(APIRequest(path: "/", query: query).queryFlag("watch") == expected)
    }

    @Test(arguments: [
        ("a=1&b=&c&a=2", ["a=1", "b=", "c=", "a=2"]), ("x=a%20b+c%2B", ["x=a b c+"]), ("", []), ("%C3%A9=%F0%9F%98%80", ["é=😀"]),
    ])
    func `queries are taken apart and put together`(text: String, items: [String]) throws {
        let parsed = try #require(QueryItem.parse(text))
        #expect(parsed.map { "\($0.name)=\($0.value)" } == items)
        #expect(QueryItem.parse(QueryItem.encode(parsed)) == parsed)
    }

    @Test(arguments: ["%", "%2", "%zz", "a=%ff", "%C3"])
    func `broken escapes are refused`(text: String) {
        #expect(QueryItem.parse(text) == nil)
    }
}

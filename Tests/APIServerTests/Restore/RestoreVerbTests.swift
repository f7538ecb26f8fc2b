import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct RestoreVerbTests {
    private static let apps = "/apis/apps/v1/namespaces/default"
    private static let core = "/api/v1/namespaces/default"

    private static func owned(_ body: String, by owner: KubeObject) throws -> String {
        var object = KubeObject(try JSON.parse(Array(body.utf8)))
        object.ownerReferences = [
            OwnerReference(apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid, controller: true, blockOwnerDeletion: true)
        ]
        return String(decoding: JSON.encode(object.value), as: UTF8.self)
    }

    private static func replicaSet(_ name: String) -> String {
        deploymentOf(name).replacing("\"Deployment\"", with: "\"ReplicaSet\"")
    }

    private static func deploymentOf(_ name: String) -> String {
        """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"\(name)"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"web"}},
        "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"nginx:1.25"}]}}}}
        """
    }

    private static func question(_ object: KubeObject, with uids: [String]? = nil) -> String {
        var body: JSONValue = ["kind": "ObjectRestore", "apiVersion": "kdash.dev/v1", "name": .string(object.name), "uid": .string(object.uid)]
        if let uids { body["uids"] = .array(uids.map { .string($0) }) }
        return String(decoding: JSON.encode(body), as: UTF8.self)
    }

    private static func outlook(_ answer: TestServer.Answer) throws -> RestoreOutlook {
        try #require(RestoreOutlook(answer.value), "\(answer.message)")
    }

    /// A Deployment with a ReplicaSet, its pod, a ConfigMap and a Secret, deleted as the garbage collector does; an older ReplicaSet went before.
    private static func goneDeployment(_ api: TestServer, _ time: ManualTimeSource) async throws -> KubeObject {
        let web = try await api.call(.post, "\(apps)/deployments", deploymentOf("web")).object
        let set = try await api.call(.post, "\(apps)/replicasets", owned(replicaSet("web-1"), by: web)).object
        for (path, body) in [
            ("\(apps)/replicasets", try owned(replicaSet("web-0"), by: web)), ("\(core)/pods", try owned(TestServer.pod("web-1-a"), by: set)),
            ("\(core)/configmaps", try owned(TestServer.configMap("settings"), by: web)),
            ("\(core)/secrets", try owned(#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"key"},"data":{"k":"djE="}}"#, by: web)),
            ("\(core)/configmaps", TestServer.configMap("other")),
        ] {
            let made = try await api.call(.post, path, body)
            #expect(made.status == 201, "\(made.message)")
        }
        _ = try await api.call(.delete, "\(apps)/replicasets/web-0")
        time.advance(by: .seconds(60))
        _ = try await api.call(.delete, "\(apps)/deployments/web")
        time.advance(by: .seconds(2))
        for path in ["\(apps)/replicasets/web-1", "\(core)/pods/web-1-a?gracePeriodSeconds=0", "\(core)/configmaps/settings", "\(core)/secrets/key"] {
            #expect(try await api.call(.delete, path).status == 200)
        }
        time.advance(by: .seconds(3600))
        _ = try await api.call(.delete, "\(core)/configmaps/other")
        return web
    }

    @Test func `a deleted object comes back with what it owned, which refers to its new uid, in one transaction`() async throws {
        let time = ManualTimeSource()
        try await TestServer.with(time: time) { api in
            let web = try await Self.goneDeployment(api, time)
            let target = "\(Self.apps)/deployments?kdashRestore=true"
            let outlook = try Self.outlook(try await api.call(.post, "\(target)&dryRun=All", Self.question(web)))
            #expect(outlook.items.map { "\($0.kind) \($0.name)" } == ["Deployment web", "ConfigMap settings", "Secret key", "ReplicaSet web-1"])
            #expect(outlook.left.map { "\($0.kind) \($0.name) \($0.isMadeAnew)" } == ["Pod web-1-a true"])
            #expect(try await api.call(.get, "\(Self.apps)/deployments/web").status == 404)
            let before = api.store.currentRevision
            let made = try await api.call(.post, target, Self.question(web, with: outlook.items.dropFirst().map(\.uid)))
            #expect(made.status == 201 && made.object.name == "web", "\(made.message)")
            #expect(api.store.currentRevision == before + 4)
            let uid = made.object.uid
            #expect(uid != web.uid)
            for path in ["\(Self.apps)/replicasets/web-1", "\(Self.core)/configmaps/settings", "\(Self.core)/secrets/key"] {
                let object = try await api.call(.get, path).object
                #expect(object.ownerReferences.map(\.uid) == [uid], "\(path)")
            }
            #expect(try await api.call(.get, "\(Self.core)/secrets/key").value["data", "k"] == "djE=")
            for path in ["\(Self.apps)/replicasets/web-0", "\(Self.core)/configmaps/other"] { #expect(try await api.call(.get, path).status == 404) }
        }
    }

    @Test func `nothing comes back when one of what was shown cannot`() async throws {
        let time = ManualTimeSource()
        try await TestServer.with(time: time) { api in
            let web = try await Self.goneDeployment(api, time)
            let target = "\(Self.apps)/deployments?kdashRestore=true"
            let uids = try Self.outlook(try await api.call(.post, "\(target)&dryRun=All", Self.question(web))).items.dropFirst().map(\.uid)
            _ = try await api.call(.post, "\(Self.core)/configmaps", TestServer.configMap("settings"))
            let refused = try await api.call(.post, target, Self.question(web, with: uids))
            #expect(refused.status == 409 && refused.message.contains("settings"), "\(refused.message)")
            #expect(try await api.call(.get, "\(Self.apps)/deployments/web").status == 404)
            // Asked again, the other one is named, and the rest comes back.
            let outlook = try Self.outlook(try await api.call(.post, "\(target)&dryRun=All", Self.question(web)))
            #expect(outlook.left.contains { $0.name == "settings" && $0.reason.contains("another one") })
            #expect(try await api.call(.post, target, Self.question(web, with: outlook.items.dropFirst().map(\.uid))).status == 201)
            #expect(try await api.call(.post, target, Self.question(web)).status == 409)
        }
    }

    @Test func `a namespace comes back with what was in it, what admission needs first`() async throws {
        try await TestServer.with { api in
            let shop = try await api.call(.post, "/api/v1/namespaces", #"{"metadata":{"name":"shop"}}"#).object
            let place = "/api/v1/namespaces/shop"
            for (kind, body) in [
                ("serviceaccounts", #"{"metadata":{"name":"builder"}}"#), ("configmaps", TestServer.configMap("a")),
                ("services", #"{"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}}"#),
                ("pods", TestServer.pod("alone", spec: #""serviceAccountName":"builder","containers":[{"name":"c","image":"busybox"}]"#)),
                ("pods", TestServer.pod("ended")),
            ] {
                let made = try await api.call(.post, "\(place)/\(kind)", body)
                #expect(made.status == 201, "\(made.message)")
            }
            _ = try await api.call(
                .patch, "\(place)/pods/ended/status", #"{"status":{"phase":"Succeeded"}}"#, type: "application/merge-patch+json")
            let address = try await api.call(.get, "\(place)/services/web").value["spec", "clusterIP"]
            _ = try await api.call(.delete, place)
            for path in ["serviceaccounts/builder", "serviceaccounts/default", "configmaps/a", "services/web", "pods/alone", "pods/ended"] {
                #expect(try await api.call(.delete, "\(place)/\(path)?gracePeriodSeconds=0").status == 200)
            }
            _ = try await api.call(.put, "\(place)/finalize", #"{"metadata":{"name":"shop"},"spec":{"finalizers":[]}}"#)
            #expect(try await api.call(.get, place).status == 404)
            let target = "/api/v1/namespaces?kdashRestore=true"
            let outlook = try Self.outlook(try await api.call(.post, "\(target)&dryRun=All", Self.question(shop)))
            #expect(
                Set(outlook.items.map { "\($0.kind) \($0.name)" }) == [
                    "Namespace shop", "ServiceAccount builder", "ServiceAccount default", "ConfigMap a", "Service web", "Pod alone",
                ])
            #expect(outlook.left.map { "\($0.kind) \($0.name) \($0.isMadeAnew)" } == ["Pod ended false"])
            let made = try await api.call(.post, target, Self.question(shop, with: outlook.items.dropFirst().map(\.uid)))
            #expect(made.status == 201, "\(made.message)")
            #expect(made.value["status", "phase"] == "Active" && made.value["spec", "finalizers"] == ["kubernetes"])
            #expect(try await api.call(.get, "\(place)/services/web").value["spec", "clusterIP"] == address)
            let pod = try await api.call(.get, "\(place)/pods/alone").object
            #expect(pod.string("spec", "serviceAccountName") == "builder" && pod.string("status", "phase") == "Pending")
        }
    }

    @Test func `what its user may not create or read stays away, and what is admitted no more is named`() async throws {
        let time = ManualTimeSource()
        try await TestServer.with(time: time) { api in
            let web = try await Self.goneDeployment(api, time)
            let rules = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
            _ = try await api.call(
                .post, "\(rules)/roles",
                #"{"metadata":{"name":"maker"},"rules":[{"apiGroups":["apps",""],"resources":["deployments","replicasets","configmaps"],"verbs":["create","get"]},{"apiGroups":[""],"resources":["secrets"],"verbs":["create"]}]}"#
            )
            _ = try await api.call(
                .post, "\(rules)/rolebindings",
                #"{"metadata":{"name":"maker"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"maker"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"carol"}]}"#
            )
            let carol = UserInfo(name: "carol", groups: ["system:authenticated"])
            let nobody = UserInfo(name: "nobody", groups: ["system:authenticated"])
            let target = "\(Self.apps)/deployments?kdashRestore=true&dryRun=All"
            let outlook = try Self.outlook(try await api.call(.post, target, Self.question(web), as: carol))
            #expect(outlook.left.contains { $0.kind == "Secret" && $0.reason.contains("may not be read by \"carol\"") })
            #expect(outlook.items.map(\.kind) == ["Deployment", "ConfigMap", "ReplicaSet"])
            #expect(try await api.call(.post, target, Self.question(web), as: nobody).status == 403)
            _ = try await api.call(
                .post, "\(Self.core)/resourcequotas", #"{"metadata":{"name":"few"},"spec":{"hard":{"count/configmaps":"0"}}}"#)
            let limited = try Self.outlook(try await api.call(.post, target, Self.question(web)))
            #expect(limited.left.contains { $0.kind == "ConfigMap" && $0.reason.contains("quota") }, "\(limited.left)")
        }
    }

    @Test(arguments: [
        (#"{"kind":"ObjectRestore","name":"web"}"#, 400), (#"{"kind":"ObjectRestore","uid":"x"}"#, 400), (#"{"kind":"Deployment"}"#, 400), ("[]", 400),
        ("{", 400), (#"{"kind":"ObjectRestore","name":"web","uid":"x"}"#, 404), (#"{"kind":"ObjectRestore","name":"","uid":""}"#, 400),
        (#"{"kind":"ObjectRestore","name":7,"uid":[]}"#, 400), (#"{"kind":"ObjectRestore","name":"../x","uid":"x","uids":[1,"y"]}"#, 404),
    ])
    func `a question that names nothing that was deleted is refused`(body: String, status: Int) async throws {
        try await TestServer.with { api in
            for query in ["kdashRestore=true", "kdashRestore=true&dryRun=All"] {
                let answer = try await api.call(.post, "\(Self.apps)/deployments?\(query)", body)
                #expect(answer.status == status && !answer.message.isEmpty, "\(answer.status) \(answer.message)")
            }
        }
    }
}

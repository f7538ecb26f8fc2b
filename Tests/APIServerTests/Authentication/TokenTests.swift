import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import APIServer

struct TokenTests {
    static let accounts = "/api/v1/namespaces/default/serviceaccounts"

    static func request(_ spec: String = "{}") -> String {
        "{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/v1\",\"spec\":\(spec)}"
    }

    private func issue(_ api: TestServer, _ spec: String = "{}") async throws -> String {
        let answer = try await api.call(.post, "\(Self.accounts)/default/token", Self.request(spec))
        #expect(answer.status == 201, "\(answer.message)")
        return try #require(answer.object.string("status", "token"))
    }

    private func user(_ api: TestServer, _ token: String) throws -> UserInfo {
        let head = HTTPRequestHead(
            method: "GET", target: "/", isVersion11: true, headers: [("authorization", "Bearer \(token)")], body: .none, keepsAlive: true,
            expectsContinue: false)
        return try api.server.authenticate(head, certificate: nil).get()
    }

    @Test func `a token speaks for its account`() async throws {
        try await TestServer.with { api async throws in
            let user = try user(api, try await issue(api))
            #expect(user.name == "system:serviceaccount:default:default")
            #expect(user.groups == ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"])
            #expect(user.extra["authentication.kubernetes.io/credential-id"]?.first?.hasPrefix("JTI=") == true)
            #expect(try await api.call(.get, "\(Self.accounts)/default").object.uid == user.uid)
        }
    }

    @Test func `a token bound to a pod names the pod and ends with it`() async throws {
        try await TestServer.with { api async throws in
            let pod = try await api.call(.post, pods, TestServer.pod("p")).object
            let spec = "{\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\",\"uid\":\"\(pod.uid)\"}}"
            let token = try await issue(api, spec)
            #expect(try user(api, token).extra["authentication.kubernetes.io/pod-uid"] == [pod.uid])
            let wrong = try await api.call(
                .post, "\(Self.accounts)/default/token", Self.request(spec.replacing(pod.uid, with: "00000000-0000-4000-8000-000000000000")))
            #expect(wrong.status == 409)
            #expect(wrong.message.contains("does not match the UID in record"))
            #expect(try await api.call(.delete, "\(pods)/p").status == 200)
            #expect(throws: APIStatus.self) { try user(api, token) }
        }
    }

    @Test func `a token ends with its time and with its account`() async throws {
        let time = ManualTimeSource(at: Timestamp(seconds: 1_800_000_000))
        try await TestServer.with(time: time) { api async throws in
            let short = try await issue(api, "{\"expirationSeconds\":600}")
            let long = try await issue(api, "{\"expirationSeconds\":7200}")
            time.advance(by: .seconds(599))
            #expect(try user(api, short).name.hasSuffix(":default"))
            time.advance(by: .seconds(2))
            #expect(throws: APIStatus.self) { try user(api, short) }
            #expect(try user(api, long).name.hasSuffix(":default"))
            #expect(try await api.call(.delete, "\(Self.accounts)/default").status == 200)
            #expect(throws: APIStatus.self) { try user(api, long) }
        }
    }

    @Test func `what is no token of this cluster is Unauthorized and nothing more`() async throws {
        try await TestServer.with { api async throws in
            let token = try await issue(api)
            let parts = token.split(separator: ".").map(String.init)
            let claims = try JSON.parse(try #require(Base64Text.decode(parts[1])))
            var forged = claims
            forged["sub"] = "system:serviceaccount:kube-system:default"
            let body = Base64Text.encode(JSON.encode(forged), isURL: true)
            let none = Base64Text.encode(Array("{\"alg\":\"none\"}".utf8), isURL: true)
            for bad in [
                "", "x", "a.b.c", "\(parts[0]).\(body).\(parts[2])", "\(none).\(parts[1]).", "\(parts[0]).\(parts[1]).AAAA",
                "\(token)A", String(repeating: "a.", count: 20000), "\(parts[0])..\(parts[2])",
            ] {
                do {
                    let user = try user(api, bad)
                    Issue.record("\(bad.prefix(40)) is \(user.name)")
                } catch let status as APIStatus {
                    #expect(status.code == 401)
                    #expect(status.message == "Unauthorized")
                    #expect(status.reason == .unauthorized)
                }
            }
        }
    }

    @Test func `no change of a token's bytes makes it somebody else's`() async throws {
        try await TestServer.with { api async throws in
            let bytes = Array(try await issue(api).utf8)
            let alphabet = Array("ABab01-_.=%{\"\0\u{ff}".utf8)
            var random = SystemRandomNumberGenerator()
            for round in 0..<3000 {
                var changed = bytes
                for _ in 0...(round % 3) {
                    let place = Int.random(in: 0..<changed.count, using: &random)
                    switch round % 4 {
                    case 0: changed.remove(at: place)
                    case 1: changed.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
                    case 2: changed.removeSubrange(place...)
                    default: changed[place] = alphabet.randomElement(using: &random) ?? 0
                    }
                    if changed.isEmpty { break }
                }
                // The last character of a signature has bits that say nothing, so a change there may be none.
                guard let user = try? user(api, String(decoding: changed, as: UTF8.self)) else { continue }  // best effort: refused
                #expect(user.name == "system:serviceaccount:default:default")
            }
        }
    }

    @Test(arguments: [
        ("{\"expirationSeconds\":599}", 422, "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"),
        ("{\"expirationSeconds\":4294967297}", 422, "may not specify a duration larger than 2^32 seconds"),
        ("{\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"gone\"}}", 404, "pods \"gone\" not found"),
        (
            "{\"boundObjectRef\":{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"name\":\"c\"}}", 400,
            "cannot bind token to object of type v1, Kind=ConfigMap"
        ),
    ])
    func `a token that cannot be is refused`(spec: String, code: Int, text: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, "\(Self.accounts)/default/token", Self.request(spec))
            #expect(answer.status == code)
            #expect(answer.message.contains(text), "\(answer.message)")
        }
    }

    @Test func `a review tells for whom and for which audience a token is`() async throws {
        try await TestServer.with { api async throws in
            func review(_ token: String, _ audiences: String = "[]") async throws -> KubeObject {
                let body = """
                    {"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"\(token)","audiences":\(audiences)}}
                    """
                let answer = try await api.call(.post, "/apis/authentication.k8s.io/v1/tokenreviews", body)
                #expect(answer.status == 201)
                return answer.object
            }
            let own = try await issue(api)
            let vault = try await issue(api, "{\"audiences\":[\"vault\",\"other\"]}")
            #expect(try await review(own).bool("status", "authenticated") == true)
            #expect(try await review(own).string("status", "user", "username") == "system:serviceaccount:default:default")
            #expect(try await review(vault).bool("status", "authenticated") != true)
            #expect(try await review(vault, "[\"vault\",\"x\"]").array("status", "audiences") == ["vault"])
            #expect(try await review("nonsense").string("status", "error")?.contains("invalid bearer token") == true)
            // Not for the API itself.
            #expect(throws: APIStatus.self) { try user(api, vault) }
        }
    }

    @Test func `a token in a secret lives as long as the secret`() async throws {
        try await TestServer.with { api async throws in
            let body = """
                {"kind":"Secret","apiVersion":"v1","type":"kubernetes.io/service-account-token","metadata":{"name":"t",
                "annotations":{"kubernetes.io/service-account.name":"default"}}}
                """
            let secrets = "/api/v1/namespaces/default/secrets"
            let secret = try await api.call(.post, secrets, body).object
            let token = String(decoding: try #require(Base64Text.decode(secret.string("data", "token") ?? "")), as: UTF8.self)
            #expect(try user(api, token).name == "system:serviceaccount:default:default")
            #expect(try await api.call(.delete, "\(secrets)/t").status == 200)
            #expect(throws: APIStatus.self) { try user(api, token) }
            let nobody = try await api.call(
                .post, secrets, "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"type\":\"kubernetes.io/service-account-token\",\"metadata\":{\"name\":\"n\"}}")
            #expect(nobody.message.contains("metadata.annotations[kubernetes.io/service-account.name]: Required value"))
        }
    }

    @Test func `the keys that check tokens are published`() async throws {
        try await TestServer.with { api async throws in
            let keys = try await api.call(.get, "/openid/v1/jwks")
            #expect(keys.response.contentType == "application/jwk-set+json")
            #expect(keys.value["keys"]?[0]?["alg"] == "ES256")
            let document = try await api.call(.get, "/.well-known/openid-configuration").value
            #expect(document["issuer"] == "https://kubernetes.default.svc.cluster.local")
            let pod = UserInfo.serviceAccount(namespace: "default", name: "x")
            #expect(try await api.call(.get, "/openid/v1/jwks", as: pod).status == 200)
            #expect(try await api.call(.get, "/openid/v1/jwks", as: .anonymous).status == 403)
        }
    }

    @Test func `impersonation needs leave for user, groups, uid and extra each`() async throws {
        try await TestServer.with { api async throws in
            let rbac = "/apis/rbac.authorization.k8s.io/v1"
            let role = """
                {"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"be-ann"},
                "rules":[{"apiGroups":[""],"resources":["users"],"resourceNames":["ann"],"verbs":["impersonate"]},
                {"apiGroups":["authentication.k8s.io"],"resources":["userextras/scopes"],"verbs":["impersonate"]}]}
                """
            #expect(try await api.call(.post, "\(rbac)/clusterroles", role).status == 201)
            let binding = """
                {"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"be-ann"},
                "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"be-ann"},
                "subjects":[{"kind":"User","name":"bob"}]}
                """
            #expect(try await api.call(.post, "\(rbac)/clusterrolebindings", binding).status == 201)
            let review = "{\"kind\":\"SelfSubjectReview\",\"apiVersion\":\"authentication.k8s.io/v1\"}"
            func ask(_ headers: [(String, String)]) async throws -> TestServer.Answer {
                try await api.call(
                    .post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", review, as: RBACTests.bob, headers: headers)
            }
            let ann = try await ask([("impersonate-user", "ann"), ("impersonate-extra-scopes", "a"), ("impersonate-extra-scopes", "b")])
            #expect(ann.object.string("status", "userInfo", "username") == "ann")
            #expect(ann.object["status", "userInfo", "groups"] == ["system:authenticated"])
            #expect(ann.object["status", "userInfo", "extra", "scopes"] == ["a", "b"])
            let group = try await ask([("impersonate-user", "ann"), ("impersonate-group", "system:masters")])
            #expect(group.status == 403)
            #expect(
                group.message
                    == "groups \"system:masters\" is forbidden: User \"bob\" cannot impersonate resource \"groups\" in API group \"\" at the cluster scope"
            )
            #expect(try await ask([("impersonate-user", "eve")]).status == 403)
            #expect(try await ask([("impersonate-user", "ann"), ("impersonate-uid", "1")]).status == 403)
            #expect(try await ask([("impersonate-user", "system:serviceaccount:default:default")]).status == 403)
            #expect(try await ask([("impersonate-group", "x")]).status == 400)
        }
    }
}

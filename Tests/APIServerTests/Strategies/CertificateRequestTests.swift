import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import APIServer

/// Requests made by `openssl req`, as objects carry them.
enum SampleRequests {
    /// CN=ann, O=dev, P-256.
    static let ann = """
        LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIVk1INENBUUF3SERFTU1Bb0dBMVVFQXd3RFlXNXVNUXd3Q2dZRFZRUUtEQU5rWlhZd1dU
        QVRCZ2NxaGtqTwpQUUlCQmdncWhrak9QUU1CQndOQ0FBUzRnQ044dXBNdHdhYlNYM1VwaEcvZmJBTFFtc2ZlOVBhWVpXMnVHSUZVCkRVRHltUmNuSFJQK0w4
        c1ltZUNCN2ZjT1JTUjBhOXlUbkdvNEdyRElTNm5Cb0FBd0NnWUlLb1pJemowRUF3SUQKUndBd1JBSWdZS3drVjhGMHpQZ3ZubnhKbm83MWZTMXNkR2hndURL
        bEE2VE56aWh0VlBVQ0lBbVRDN2x2M2I2RQpCWEtlNTAwTWJHYjNieE9KYUdGcE9pd2xFbk41MTFiRQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0t
        LS0K
        """.replacing("\n", with: "")
    /// CN=root, O=system:masters, P-256.
    static let root = """
        LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIak1JR0tBZ0VBTUNneERUQUxCZ05WQkFNTUJISnZiM1F4RnpBVkJnTlZCQW9NRG5ONWMz
        UmxiVHB0WVhOMApaWEp6TUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFdUlBamZMcVRMY0dtMGw5MUtZUnYzMndDCjBKckgzdlQybUdWdHJo
        aUJWQTFBOHBrWEp4MFQvaS9MR0puZ2dlMzNEa1VrZEd2Y2s1eHFPQnF3eUV1cHdhQUEKTUFvR0NDcUdTTTQ5QkFNQ0EwZ0FNRVVDSVFDSjVwWjJuOW1MTWJy
        WDBMeGhXSmtQTld1WmYvTUlEM01WaXcyWApPV1l0N0FJZ1BLVnhnOE1mVzQwaXlEZHZHd3crUENoWGx1VXRXT0hwd3pjTlpnNytwTWs9Ci0tLS0tRU5EIENF
        UlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=
        """.replacing("\n", with: "")
    /// CN=rsa-ann, O=dev, RSA 2048.
    static let rsa = """
        LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQ1pUQ0NBVTBDQVFBd0lERVFNQTRHQTFVRUF3d0hjbk5oTFdGdWJqRU1NQW9HQTFVRUNn
        d0RaR1YyTUlJQgpJakFOQmdrcWhraUc5dzBCQVFFRkFBT0NBUThBTUlJQkNnS0NBUUVBc0FPYXJCbWZqYTJ0d2pHbmR4QmlxWmhNCjhpamVrUk8rd1EyWkFq
        OVRwMjdYbGtvZVF1dklwQlJMU0x4TWFQK2xsSUVQZk1XN2Z2ZC9UVWE1SExuZ3dGN0kKWVQ0bXIyRUtqa1UyUjFnc2RRSXZ4dzlUa2UyYkt5UzZNZW51WlNB
        ejRNeDE5bU1uV3dCVHgzRml2MjNCVEFKSQpwMks4RE9CbUlLTTJrOXk5TEtpOERYbDUzejRRVGpaYzRQdUV4S1lEcld4SmthVzNhSnp1T3pBWXVOM0x6bHVm
        CkU4bkt0MXJsMk1mZk5ZbzloMUpnQ2xQak1Ydmx6aFV1ME9TTE4wdk4wblBOZWZEd0trdFVXV0VmRDFnMVB1MzEKclUvZnN1VVcyKzRHRDU2RnFXN2VEaWlH
        MmNCdmYxa2xKMG82dkNxeEpZb01HT1BRdWpJUHJnazNUTGF4Q3dJRApBUUFCb0FBd0RRWUpLb1pJaHZjTkFRRUxCUUFEZ2dFQkFLWUE2UmpWcHVKTytnU2hx
        MlowcEdSWmJqcXlhMElIClRRRG9XM0sySFBybHVhUGlQekNwdHBEeUhWa2syT1ZLWGxyYWlWOGFXR240a0xBaFpyL01wRTMxc283aStmYmUKYVdzc2hOZkdX
        M0RlMnB2Z2IySVJsYjNmWjU3WC9GV29pdU93ZFhaZ2k5ZXNGQ20reG5yL25GSXBaajc0dHBmeApEc3hvbll1cndyU2RwYzNKZnJvMjFIUExnV01rcEdoUG9a
        UEZ5TUFDcndNdUkxejhvMFlRSzFLMXpMbit0SjlZCkxMd2JmemswcHlnM0hyWVprcGRBSlRsRXVLbEMvblVTd2dDSllubENIcWFDeUQyN1h3RDdUOS9mbVZH
        Q1VSQVgKWlJ1S1cvb3ZJUVpXWmhlbkxDekY2RUNHUVp2d2ZiWGtZT0FCcXU4UlV6UjlHdTZmdWpUbjJMYz0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVT
        VC0tLS0tCg==
        """.replacing("\n", with: "")
}

struct CertificateRequestTests {
    static let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"

    static func request(
        _ name: String, _ request: String = SampleRequests.ann, signer: String = "kubernetes.io/kube-apiserver-client",
        usages: String = "[\"client auth\"]"
    ) -> String {
        """
        {"kind":"CertificateSigningRequest","apiVersion":"certificates.k8s.io/v1","metadata":{"name":"\(name)"},
        "spec":{"request":"\(request)","signerName":"\(signer)","usages":\(usages),"username":"somebody else"}}
        """
    }

    static func approval(_ type: String) -> String {
        "{\"status\":{\"conditions\":[{\"type\":\"\(type)\",\"status\":\"True\",\"reason\":\"Test\"}]}}"
    }

    @Test func `the server notes who asks, and approval has its own path`() async throws {
        try await TestServer.with { api async throws in
            let made = try await api.call(.post, Self.path, Self.request("a"))
            #expect(made.status == 201, "\(made.message)")
            #expect(made.object.string("spec", "username") == "tester")
            let main = try await api.call(.patch, "\(Self.path)/a", Self.approval("Approved"), type: "application/merge-patch+json")
            #expect(main.object.array("status", "conditions").isEmpty)
            let patched = try await api.call(
                .patch, "\(Self.path)/a/approval", Self.approval("Approved"), type: "application/merge-patch+json")
            #expect(patched.status == 200, "\(patched.message)")
            #expect(patched.object.array("status", "conditions").first?["lastUpdateTime"]?.stringValue != nil)
            let back = try await api.call(
                .patch, "\(Self.path)/a/approval", Self.approval("Denied"), type: "application/merge-patch+json")
            #expect(back.status == 422)
            #expect(back.message.contains("updates may not remove a condition of type \"Approved\""))
            let selected = try await api.call(.get, "\(Self.path)?fieldSelector=spec.signerName%3Dexample.com/x")
            #expect(selected.value["items"]?.arrayValue?.isEmpty == true)
        }
    }

    @Test(arguments: [
        ("{\"type\":\"Approved\",\"status\":\"False\"}", "status.conditions[0].status: Unsupported value: \"False\": supported values: \"True\""),
        ("{\"type\":\"Approved\"}", "status.conditions[0].status: Required value"),
        ("{\"type\":\"Seen\",\"status\":\"Maybe\"}", "supported values: \"False\", \"True\", \"Unknown\""),
        (
            "{\"type\":\"Approved\",\"status\":\"True\"},{\"type\":\"Denied\",\"status\":\"True\"}",
            "status.conditions[1].type: Invalid value: \"Denied\": Approved and Denied conditions are mutually exclusive"
        ),
    ])
    func `an approval says yes or no`(conditions: String, text: String) async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, Self.path, Self.request("a")).status == 201)
            let answer = try await api.call(
                .patch, "\(Self.path)/a/approval", "{\"status\":{\"conditions\":[\(conditions)]}}", type: "application/merge-patch+json")
            #expect(answer.status == 422, "\(answer.message)")
            #expect(answer.message.contains(text), "\(answer.message)")
        }
    }

    @Test(arguments: [
        ("none", "must contain at least one CERTIFICATE PEM block"),
        ("-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n", "only CERTIFICATE PEM blocks are allowed, found \"KEY\""),
        ("-----BEGIN CERTIFICATE-----\nA: b\n\nAAAA\n-----END CERTIFICATE-----\n", "no PEM block headers are permitted"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x509: malformed certificate"),
        ("-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n", "must contain at least one CERTIFICATE PEM block"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n", "must contain at least one CERTIFICATE PEM block"),
    ])
    func `what is no certificate is not issued`(text: String, why: String) async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, Self.path, Self.request("a")).status == 201)
            let body = "{\"status\":{\"certificate\":\"\(JSONCore.Base64.encode(Array(text.utf8)))\"}}"
            let answer = try await api.call(.patch, "\(Self.path)/a/status", body, type: "application/merge-patch+json")
            #expect(answer.status == 422, "\(answer.message)")
            #expect(answer.message.contains("status.certificate: Invalid value: \"<certificate data>\": \(why)"), "\(answer.message)")
        }
    }

    @Test func `a certificate is issued once`() async throws {
        let directory = "/tmp/kdash-pki-\(SecureRandom.hex(8))"
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let pki = try ClusterPKI.loadOrCreate(
            directory: directory, time: SystemTimeSource(), names: .standard(hostName: "h", serviceAddress: "10.96.0.1"))
        func status(_ pem: String) -> String { "{\"status\":{\"certificate\":\"\(JSONCore.Base64.encode(Array(pem.utf8)))\"}}" }
        let authority = try pki.authorityPEM()
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, Self.path, Self.request("a")).status == 201)
            let path = "\(Self.path)/a/status"
            let issued = try await api.call(.patch, path, status("# ours\n\(authority)\n"), type: "application/merge-patch+json")
            #expect(issued.status == 200, "\(issued.message)")
            let again = try await api.call(.patch, path, status(authority), type: "application/merge-patch+json")
            #expect(again.message.contains("status.certificate: Forbidden: updates may not modify existing certificate content"))
        }
    }

    @Test(arguments: [
        (request("b", "bm9uZQ=="), 422, "spec.request: Invalid value"),
        (request("b", usages: "[]"), 422, "spec.usages: Required value: usages must be provided"),
        (request("b", usages: "[\"flying\"]"), 422, "spec.usages[0]: Unsupported value"),
        (request("b", signer: "kubernetes.io/legacy-unknown"), 422, "the legacy signerName is not allowed via this API version"),
        (request("b", signer: "nobody"), 422, "must be a fully qualified domain and path of the form 'example.com/signer-name'"),
        (
            request("b", SampleRequests.root), 403,
            "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"
        ),
    ])
    func `what nobody may sign is refused at once`(body: String, code: Int, text: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, Self.path, body)
            #expect(answer.status == code)
            #expect(answer.message.contains(text), "\(answer.message)")
        }
    }

    @Test func `approving needs the signer's consent beside the path's`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, Self.path, Self.request("a")).status == 201)
            let rules = """
                {"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"r"},"rules":[
                {"apiGroups":["certificates.k8s.io"],"resources":["certificatesigningrequests/approval"],"verbs":["patch"]}]}
                """
            let rbac = "/apis/rbac.authorization.k8s.io/v1"
            _ = try await api.call(.post, "\(rbac)/clusterroles", rules)
            let binding = """
                {"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"b"},
                "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"r"},"subjects":[{"kind":"User","name":"bob"}]}
                """
            _ = try await api.call(.post, "\(rbac)/clusterrolebindings", binding)
            let refused = try await api.call(
                .patch, "\(Self.path)/a/approval", Self.approval("Approved"), type: "application/merge-patch+json", as: RBACTests.bob)
            #expect(refused.status == 403)
            #expect(
                refused.message.contains("user not permitted to approve requests with signerName \"kubernetes.io/kube-apiserver-client\""))
        }
    }

    @Test func `the authority signs what fits the signer and nothing else`() throws {
        let directory = "/tmp/kdash-pki-\(SecureRandom.hex(8))"
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let pki = try ClusterPKI.loadOrCreate(
            directory: directory, time: SystemTimeSource(), names: .standard(hostName: "h", serviceAddress: "10.96.0.1"))
        func sign(_ request: String, _ signer: String, _ usages: [String]) throws -> SignedRequest {
            let pem = String(decoding: try #require(Base64Text.decode(request)), as: UTF8.self)
            return try pki.sign(request: pem, signer: signer, usages: usages, seconds: 3600)
        }
        for request in [SampleRequests.ann, SampleRequests.rsa] {
            let answer = try sign(request, "kubernetes.io/kube-apiserver-client", ["client auth", "digital signature", "key encipherment"])
            guard case .certificate(let pem) = answer else {
                Issue.record("\(answer)")
                continue
            }
            #expect(pem.hasPrefix("-----BEGIN CERTIFICATE-----"))
        }
        #expect(
            try sign(SampleRequests.ann, "kubernetes.io/kube-apiserver-client", ["server auth"])
                == .refused("usages did not contain client auth"))
        #expect(
            try sign(SampleRequests.ann, "kubernetes.io/kube-apiserver-client-kubelet", ["client auth"])
                == .refused("subject organization is not system:nodes"))
        #expect(try sign(SampleRequests.ann, "example.com/mine", ["client auth"]) == .notOurs)
        #expect(
            try pki.sign(request: "nonsense", signer: "kubernetes.io/kube-apiserver-client", usages: [], seconds: nil)
                == .refused("unable to parse the request"))
    }
}

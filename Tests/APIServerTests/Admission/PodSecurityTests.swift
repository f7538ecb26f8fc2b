import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

struct PodSecurityTests {
    private func namespace(_ api: TestServer, _ labels: String) async throws -> TestServer.Answer {
        try await api.call(
            .post, "/api/v1/namespaces",
            "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"s\",\"labels\":{\(labels)}}}")
    }

    private func pod(_ api: TestServer, _ spec: String) async throws -> TestServer.Answer {
        try await api.call(.post, "/api/v1/namespaces/s/pods", TestServer.pod("p", spec: spec))
    }

    static let safe = """
        "securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[{"name":"c","image":"x",
        "securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]
        """

    @Test func `restricted names everything a plain pod lacks`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await namespace(api, "\"pod-security.kubernetes.io/enforce\":\"restricted\"").status == 201)
            let answer = try await pod(api, "\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]")
            #expect(answer.status == 403)
            #expect(
                answer.message == """
                    pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set \
                    securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set \
                    securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set \
                    securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to \
                    "RuntimeDefault" or "Localhost")
                    """)
            #expect(try await pod(api, Self.safe).status == 201)
        }
    }

    @Test(arguments: [
        ("\"hostNetwork\":true,\"hostPID\":true", "", "host namespaces (hostNetwork=true, hostPID=true)"),
        ("\"volumes\":[{\"name\":\"v\",\"hostPath\":{\"path\":\"/\"}}]", "", "hostPath volumes (volume \"v\")"),
        ("", "\"ports\":[{\"containerPort\":80,\"hostPort\":80}]", "hostPort (container \"c\" uses hostPort 80)"),
        ("", "\"securityContext\":{\"privileged\":true}", "privileged (container \"c\" must not set securityContext.privileged=true)"),
        (
            "", "\"securityContext\":{\"capabilities\":{\"add\":[\"NET_ADMIN\",\"CHOWN\"]}}",
            "non-default capabilities (container \"c\" must not include \"NET_ADMIN\" in securityContext.capabilities.add)"
        ),
        (
            "\"securityContext\":{\"seccompProfile\":{\"type\":\"Unconfined\"}}", "",
            "seccompProfile (pod must not set securityContext.seccompProfile.type to \"Unconfined\")"
        ),
        ("\"securityContext\":{\"sysctls\":[{\"name\":\"kernel.msgmax\",\"value\":\"1\"}]}", "", "forbidden sysctls (kernel.msgmax)"),
        (
            "\"securityContext\":{\"seLinuxOptions\":{\"type\":\"bad_t\"}}", "",
            "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type \"bad_t\")"
        ),
        (
            "", "\"securityContext\":{\"procMount\":\"Unmasked\"}",
            "procMount (container \"c\" must not set securityContext.procMount to \"Unmasked\")"
        ),
        (
            "", "\"livenessProbe\":{\"tcpSocket\":{\"port\":80,\"host\":\"10.0.0.1\"}}",
            "probe or lifecycle host (container \"c\" uses probe or lifecycle host \"10.0.0.1\")"
        ),
        (
            "\"securityContext\":{\"windowsOptions\":{\"hostProcess\":true}}", "",
            "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)"
        ),
        (
            "\"securityContext\":{\"appArmorProfile\":{\"type\":\"Unconfined\"}}", "",
            "forbidden AppArmor profile (pod must not set AppArmor profile type to \"Unconfined\")"
        ),
    ])
    func `baseline refuses what reaches the node`(podPart: String, containerPart: String, text: String) throws {
        let container = "{\"name\":\"c\",\"image\":\"x\"\(containerPart.isEmpty ? "" : ",\(containerPart)")}"
        let spec = try JSON.parse(Array("{\(podPart.isEmpty ? "" : "\(podPart),")\"containers\":[\(container)]}".utf8))
        let checks = PodSecurityChecks(metadata: .null, spec: spec)
        #expect(checks.violations(PodSecurityRule(level: .baseline, minor: nil)) == [text])
        #expect(checks.violations(PodSecurityRule(level: .privileged, minor: nil)).isEmpty)
    }

    @Test func `older versions ask for less`() throws {
        let spec = try JSON.parse(Array("{\"containers\":[{\"name\":\"c\",\"livenessProbe\":{\"tcpSocket\":{\"port\":1,\"host\":\"h\"}}}]}".utf8))
        let checks = PodSecurityChecks(metadata: .null, spec: spec)
        #expect(checks.violations(PodSecurityRule(level: .baseline, minor: 33)).isEmpty)
        #expect(!checks.violations(PodSecurityRule(level: .baseline, minor: 34)).isEmpty)
        #expect(checks.violations(PodSecurityRule(level: .restricted, minor: 7)).count == 1)
    }

    @Test func `warnings reach the client of a template, and labels are checked`() async throws {
        try await TestServer.with { api async throws in
            #expect(
                try await namespace(api, "\"pod-security.kubernetes.io/warn\":\"baseline\",\"pod-security.kubernetes.io/warn-version\":\"v1.30\"").status == 201
            )
            let deployment = TestServer.deployment("d").replacing("\"spec\":{\"containers\"", with: "\"spec\":{\"hostNetwork\":true,\"containers\"")
            let made = try await api.call(.post, "/apis/apps/v1/namespaces/s/deployments", deployment)
            #expect(made.status == 201)
            #expect(made.warnings == ["299 - \"would violate PodSecurity \\\"baseline:v1.30\\\": host namespaces (hostNetwork=true)\""])
            let patch = "{\"metadata\":{\"labels\":{\"pod-security.kubernetes.io/enforce\":\"strict\"}}}"
            let bad = try await api.call(.patch, "/api/v1/namespaces/s", patch, type: "application/merge-patch+json")
            #expect(bad.status == 422)
            #expect(
                bad.message.contains(
                    "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be one of privileged, baseline, restricted"))
            #expect(try await pod(api, "\"hostNetwork\":true,\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]").status == 201)
            let enforce = try await api.call(
                .patch, "/api/v1/namespaces/s", patch.replacing("strict", with: "baseline"), type: "application/merge-patch+json")
            #expect(enforce.status == 200)
            #expect(enforce.warnings.contains("299 - \"p: host namespaces\""), "\(enforce.warnings)")
        }
    }
}

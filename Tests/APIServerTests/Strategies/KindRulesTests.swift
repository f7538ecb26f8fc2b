import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

struct KindRulesTests {
    static let template = "\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]}}"
    static let selector = "\"selector\":{\"matchLabels\":{\"a\":\"b\"}}"
    static let job = "\"template\":{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]}}"

    /// The path of a resource, the rest of an object, and what the answer must say.
    struct Bad: Sendable, CustomTestStringConvertible {
        let path: String
        let kind: String
        let rest: String
        let text: String
        var testDescription: String { text }

        init(_ path: String, _ kind: String, _ rest: String, _ text: String) {
            self.path = path
            self.kind = kind
            self.rest = rest
            self.text = text
        }
    }

    private static let rbac = "apis/rbac.authorization.k8s.io/v1"

    private static func scopeTerm(_ term: String, _ text: String) -> Bad {
        Bad(
            "api/v1/namespaces/default/resourcequotas", "ResourceQuota",
            "\"spec\":{\"hard\":{\"pods\":\"1\"},\"scopeSelector\":{\"matchExpressions\":[{\(term)}]}}", "spec.scopeSelector.matchExpressions.\(text)")
    }

    private static func binding(_ rest: String, _ text: String) -> Bad { Bad("\(rbac)/clusterrolebindings", "ClusterRoleBinding", rest, text) }

    private static func subject(_ subject: String, _ text: String) -> Bad {
        binding("\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"view\"},\"subjects\":[{\(subject)}]", text)
    }

    static let bad: [Bad] = [
        Bad(
            "apis/apps/v1/namespaces/default/statefulsets", "StatefulSet", "\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"c\"}},\(template)}",
            "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match template `labels`"),
        Bad(
            "apis/apps/v1/namespaces/default/statefulsets", "StatefulSet",
            "\"spec\":{\(selector),\(template),\"updateStrategy\":{\"type\":\"OnDelete\",\"rollingUpdate\":{\"partition\":1}}}",
            "only allowed for updateStrategy 'RollingUpdate'"),
        Bad(
            "apis/apps/v1/namespaces/default/daemonsets", "DaemonSet",
            "\"spec\":{\(selector),\(template),\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":1}}}",
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"),
        Bad(
            "apis/apps/v1/namespaces/default/deployments", "Deployment",
            "\"spec\":{\(selector),\(template),\"strategy\":{\"rollingUpdate\":{\"maxSurge\":\"many\"}}}",
            "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"many\": a valid percent string must be"),
        Bad(
            "api/v1/namespaces/default/replicationcontrollers", "ReplicationController", "\"spec\":{\"selector\":{\"x\":\"y\"},\(template)}",
            "`selector` does not match template `labels`"),
        Bad(
            "apis/batch/v1/namespaces/default/jobs", "Job", "\"spec\":{\(template)}",
            "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""),
        Bad("apis/batch/v1/namespaces/default/jobs", "Job", "\"spec\":{\(job),\"backoffLimitPerIndex\":1}", "requires indexed completion mode"),
        Bad(
            "apis/batch/v1/namespaces/default/cronjobs", "CronJob", "\"spec\":{\"schedule\":\"* * *\",\"jobTemplate\":{\"spec\":{\(job)}}}",
            "spec.schedule: Invalid value: \"* * *\": expected exactly 5 fields, found 3: [* * *]"),
        Bad(
            "apis/batch/v1/namespaces/default/cronjobs", "CronJob", "\"spec\":{\"schedule\":\"61 * * * *\",\"jobTemplate\":{\"spec\":{\(job)}}}",
            "end of range (61) above maximum (59): 61"),
        Bad(
            "apis/batch/v1/namespaces/default/cronjobs", "CronJob",
            "\"spec\":{\"schedule\":\"@daily\",\"timeZone\":\"Nowhere/Else\",\"jobTemplate\":{\"spec\":{\(job)}}}",
            "spec.timeZone: Invalid value: \"Nowhere/Else\": unknown time zone Nowhere/Else"),
        Bad("apis/networking.k8s.io/v1/namespaces/default/ingresses", "Ingress", "\"spec\":{}", "either `defaultBackend` or `rules` must be specified"),
        Bad(
            "apis/networking.k8s.io/v1/namespaces/default/ingresses", "Ingress", "\"spec\":{\"defaultBackend\":{\"service\":{\"name\":\"s\"}}}",
            "spec.defaultBackend: Required value: port name or number is required"),
        Bad(
            "apis/networking.k8s.io/v1/namespaces/default/ingresses", "Ingress",
            "\"spec\":{\"rules\":[{\"host\":\"1.2.3.4\",\"http\":{\"paths\":[{\"path\":\"x\",\"pathType\":\"Prefix\",\"backend\":{\"service\":{\"name\":\"s\",\"port\":{\"number\":80}}}}]}}]}",
            "spec.rules[0].host: Invalid value: \"1.2.3.4\": must be a DNS name, not an IP address"),
        Bad(
            "apis/networking.k8s.io/v1/namespaces/default/networkpolicies", "NetworkPolicy",
            "\"spec\":{\"podSelector\":{},\"ingress\":[{\"from\":[{}]}]}", "spec.ingress[0].from[0]: Required value: must specify a peer"),
        Bad(
            "apis/networking.k8s.io/v1/namespaces/default/networkpolicies", "NetworkPolicy",
            "\"spec\":{\"podSelector\":{},\"ingress\":[{\"from\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\",\"except\":[\"11.0.0.0/16\"]}}]}]}",
            "must be a strict subset of `cidr`"),
        Bad(
            "api/v1/namespaces/default/persistentvolumeclaims", "PersistentVolumeClaim", "\"spec\":{\"resources\":{\"requests\":{\"storage\":\"1\"}}}",
            "spec.accessModes: Required value: at least 1 access mode is required"),
        Bad(
            "api/v1/namespaces/default/persistentvolumeclaims", "PersistentVolumeClaim",
            "\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"0\"}}}",
            "spec.resources[storage]: Invalid value: \"0\": must be greater than zero"),
        Bad(
            "api/v1/persistentvolumes", "PersistentVolume", "\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"capacity\":{\"storage\":\"1\"}}",
            "spec: Required value: must specify a volume type"),
        Bad(
            "apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers", "HorizontalPodAutoscaler",
            "\"spec\":{\"minReplicas\":5,\"maxReplicas\":2,\"scaleTargetRef\":{\"kind\":\"Deployment\",\"name\":\"d\"}}",
            "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`"),
        Bad(
            "apis/policy/v1/namespaces/default/poddisruptionbudgets", "PodDisruptionBudget", "\"spec\":{\"minAvailable\":1,\"maxUnavailable\":1}",
            "minAvailable and maxUnavailable cannot be both set"),
        Bad(
            "apis/policy/v1/namespaces/default/poddisruptionbudgets", "PodDisruptionBudget", "\"spec\":{\"minAvailable\":\"101%\"}",
            "spec.minAvailable: Invalid value: \"101%\": must not be greater than 100%"),
        Bad(
            "api/v1/namespaces/default/resourcequotas", "ResourceQuota", "\"spec\":{\"hard\":{\"nonsense\":\"1\"}}",
            "spec.hard[nonsense]: Invalid value: \"nonsense\": must be a standard resource for quota"),
        Bad("api/v1/namespaces/default/resourcequotas", "ResourceQuota", "\"spec\":{\"hard\":{\"pods\":\"1500m\"}}", "must be an integer"),
        Bad(
            "api/v1/namespaces/default/limitranges", "LimitRange",
            "\"spec\":{\"limits\":[{\"type\":\"Container\",\"min\":{\"cpu\":\"2\"},\"max\":{\"cpu\":\"1\"}}]}",
            "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1"),
        Bad(
            "apis/discovery.k8s.io/v1/namespaces/default/endpointslices", "EndpointSlice",
            "\"addressType\":\"IPv4\",\"endpoints\":[{\"addresses\":[\"fe80::1\"]}]", "must be an IPv4 address"),
        Bad(
            "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "ValidatingWebhookConfiguration",
            "\"webhooks\":[{\"name\":\"x.example.com\",\"clientConfig\":{},\"sideEffects\":\"None\",\"admissionReviewVersions\":[\"v1\"]}]",
            "webhooks[0].clientConfig: Required value: exactly one of url or service is required"),
        Bad(
            "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "ValidatingWebhookConfiguration",
            "\"webhooks\":[{\"name\":\"example.com\",\"timeoutSeconds\":31,\"clientConfig\":{\"url\":\"https://h/p\"},\"sideEffects\":\"None\",\"admissionReviewVersions\":[\"v1\"]}]",
            "the timeout value must be between 1 and 30 seconds"),
        Bad(
            "api/v1/namespaces/default/services", "Service", "\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":80}]}",
            "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"),
        Bad(
            "api/v1/namespaces/default/services", "Service", "\"spec\":{\"ports\":[{\"port\":80,\"nodePort\":30080}]}",
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"),
        Bad("api/v1/namespaces/default/services", "Service", "\"spec\":{\"type\":\"ExternalName\"}", "spec.externalName: Required value"),
        Bad(
            "api/v1/namespaces/default/resourcequotas", "ResourceQuota", "\"spec\":{\"hard\":{\"flour\":\"1\"}}",
            "[spec.hard[flour]: Invalid value: \"flour\": must be a standard resource type or fully qualified, spec.hard[flour]: Invalid value: \"flour\": must be a standard resource for quota]"
        ),
        Bad(
            "api/v1/namespaces/default/resourcequotas", "ResourceQuota", "\"spec\":{\"hard\":{\"secrets\":\"1\"},\"scopes\":[\"Terminating\"]}",
            "spec.scopes: Invalid value: [\"Terminating\"]: unsupported scope applied to resource"),
        scopeTerm("\"scopeName\":\"PriorityClass\",\"operator\":\"In\"", "values: Required value: must be at least one value"),
        scopeTerm(
            "\"scopeName\":\"PriorityClass\",\"operator\":\"Exists\",\"values\":[\"a\"]",
            "values: Invalid value: [\"a\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"),
        scopeTerm(
            "\"scopeName\":\"BestEffort\",\"operator\":\"In\",\"values\":[\"a\"]",
            "operator: Invalid value: \"In\": must be 'Exist' when scope is any of ResourceQuotaScopeTerminating"),
        scopeTerm("\"scopeName\":\"Fast\",\"operator\":\"Exists\"", "scopeName: Invalid value: \"Fast\": unsupported scope"),
        Bad(
            "api/v1/namespaces/default/limitranges", "LimitRange", "\"spec\":{\"limits\":[{\"type\":\"Crate\",\"max\":{\"cpu\":\"1\"}}]}",
            "spec.limits[0].type: Invalid value: \"Crate\": must be a standard limit type or fully qualified"),
        Bad(
            "\(rbac)/clusterroles", "ClusterRole", "\"aggregationRule\":{}",
            "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil"),
        binding(
            "\"roleRef\":{\"apiGroup\":\"apps\",\"kind\":\"ClusterRole\",\"name\":\"view\"}",
            "roleRef.apiGroup: Unsupported value: \"apps\": supported values: \"rbac.authorization.k8s.io\""),
        binding("\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"a/b\"}", "roleRef.name: Invalid value: \"a/b\": may not contain '/'"),
        subject(
            "\"kind\":\"Robot\",\"name\":\"r\"", "subjects[0].kind: Unsupported value: \"Robot\": supported values: \"ServiceAccount\", \"User\", \"Group\""),
        subject(
            "\"kind\":\"User\",\"name\":\"u\",\"apiGroup\":\"apps\"",
            "subjects[0].apiGroup: Unsupported value: \"apps\": supported values: \"rbac.authorization.k8s.io\""),
        subject("\"kind\":\"Group\",\"name\":\"\"", "subjects[0].name: Invalid value: \"\": group name cannot be empty"),
        subject(
            "\"kind\":\"ServiceAccount\",\"name\":\"A_b\",\"namespace\":\"default\"", "subjects[0].name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain"
        ),
        subject("\"kind\":\"ServiceAccount\",\"name\":\"a\"", "subjects[0].namespace: Required value"),
        subject(
            "\"kind\":\"ServiceAccount\",\"name\":\"a\",\"namespace\":\"b\",\"apiGroup\":\"apps\"",
            "subjects[0].apiGroup: Unsupported value: \"apps\": supported values: \"\""),
        Bad(
            "api/v1/namespaces/default/configmaps", "ConfigMap", "\"data\":{\"k\":\"\(String(repeating: "x", count: 1_048_577))\"}",
            "[]: Too long: may not be more than 1048576 bytes"),
        Bad(
            "api/v1/namespaces/default/services", "Service", "\"spec\":{\"externalTrafficPolicy\":\"Local\",\"ports\":[{\"port\":80}]}",
            "may only be set for externally-accessible services"),
    ]

    @Test(arguments: bad) func `what cannot work is refused with the field and the reason`(bad: Bad) async throws {
        try await TestServer.with { api async throws in
            let parts = bad.path.split(separator: "/")
            let version = parts[0] == "api" ? "v1" : "\(parts[1])/\(parts[2])"
            let body = AdmissionTests.object(version, bad.kind, "n", bad.rest)
            let answer = try await api.call(.post, "/\(bad.path)", body)
            #expect(answer.status == 422, "\(answer.message)")
            #expect(answer.message.contains(bad.text), "\(answer.message)")
            #expect(answer.message.hasPrefix("\(bad.kind)"))
        }
    }

    @Test func `node ports are given, kept and given back`() async throws {
        try await TestServer.with { api async throws in
            let path = "/api/v1/namespaces/default/services"
            func service(_ name: String, _ spec: String) -> String { AdmissionTests.object("v1", "Service", name, "\"spec\":{\(spec)}") }
            let first = try await api.call(.post, path, service("a", "\"type\":\"NodePort\",\"ports\":[{\"port\":80}]")).object
            let port = try #require(first.array("spec", "ports")[0]["nodePort"]?.integerValue)
            #expect(NodePortPool.range.contains(port))
            let clash = try await api.call(.post, path, service("b", "\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":\(port)}]"))
            #expect(clash.message.contains("spec.ports[0].nodePort: Invalid value: \(port): provided port is already allocated"))
            let kept = try await api.call(.put, "\(path)/a", service("a", "\"type\":\"NodePort\",\"ports\":[{\"port\":80}]")).object
            #expect(kept.array("spec", "ports")[0]["nodePort"]?.integerValue == port)
            let plain = try await api.call(.patch, "\(path)/a", "{\"spec\":{\"type\":\"ClusterIP\"}}", type: "application/merge-patch+json")
            #expect(plain.status == 200, "\(plain.message)")
            #expect(plain.object.array("spec", "ports")[0]["nodePort"] == nil)
            let external = try await api.call(
                .patch, "\(path)/a", "{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"example.com\"}}",
                type: "application/merge-patch+json")
            #expect(external.status == 200, "\(external.message)")
            #expect(external.object["spec", "clusterIP"] == nil)
            let again = try await api.call(.post, path, service("c", "\"type\":\"NodePort\",\"ports\":[{\"port\":80}]")).object
            #expect(try await api.call(.delete, "\(path)/c").status == 200)
            let free = try #require(again.array("spec", "ports")[0]["nodePort"]?.integerValue)
            let reused = try await api.call(.post, path, service("d", "\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":\(free)}]"))
            #expect(reused.status == 201, "\(reused.message)")
        }
    }

    @Test func `the pods of a stateful set mount what their claims bring`() async throws {
        try await TestServer.with { api async throws in
            let spec = """
                "spec":{"serviceName":"s","selector":{"matchLabels":{"a":"b"}},"volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{
                "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}],"template":{"metadata":{"labels":{"a":"b"}},"spec":{
                "containers":[{"name":"c","image":"i","volumeMounts":[{"name":"MOUNT","mountPath":"/d"}]}]}}}
                """
            let sets = "/apis/apps/v1/namespaces/default/statefulsets"
            func post(_ mount: String) async throws -> TestServer.Answer {
                try await api.call(.post, sets, AdmissionTests.object("apps/v1", "StatefulSet", mount, spec.replacing("MOUNT", with: mount)))
            }
            let good = try await post("data")
            #expect(good.status == 201, "\(good.message)")
            #expect(good.object.array("spec", "template", "spec", "volumes").isEmpty)
            #expect(try await post("other").message.contains("volumeMounts[0].name: Not found: \"other\""))
        }
    }

    @Test func `what is fixed stays`() async throws {
        try await TestServer.with { api async throws in
            let sets = "/apis/apps/v1/namespaces/default/statefulsets"
            let set = AdmissionTests.object("apps/v1", "StatefulSet", "s", "\"spec\":{\"serviceName\":\"s\",\(Self.selector),\(Self.template)}")
            #expect(try await api.call(.post, sets, set).status == 201)
            let changed = try await api.call(.patch, "\(sets)/s", "{\"spec\":{\"serviceName\":\"t\"}}", type: "application/merge-patch+json")
            #expect(changed.message.contains("spec: Forbidden: updates to statefulset spec for fields other than 'replicas'"))
            #expect(try await api.call(.patch, "\(sets)/s", "{\"spec\":{\"replicas\":3}}", type: "application/merge-patch+json").status == 200)
            let claims = "/api/v1/namespaces/default/persistentvolumeclaims"
            let claim = "\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}"
            #expect(try await api.call(.post, claims, AdmissionTests.object("v1", "PersistentVolumeClaim", "c", claim)).status == 201)
            let modes = try await api.call(
                .patch, "\(claims)/c", "{\"spec\":{\"accessModes\":[\"ReadOnlyMany\"]}}", type: "application/merge-patch+json")
            #expect(modes.message.contains("spec is immutable after creation except resources.requests"))
        }
    }
}

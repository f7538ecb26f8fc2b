import APIMachinery
import Testing

@testable import KubeSchemas

/// Everything Kubernetes 1.36 serves by default, the metrics that an add-on serves there, and no more.
@Suite struct ServedResourcesTests {
    /// Group version, plural, kind, scope, short names, category, verbs, subresources with verbs. `*` is every verb; letters are
    /// create, get, list, watch, update, patch, delete and D for deletecollection.
    private static let table = """
        v1 bindings Binding N - - c -
        v1 componentstatuses ComponentStatus C cs - gl -
        v1 configmaps ConfigMap N cm - * -
        v1 endpoints Endpoints N ep - * -
        v1 events Event N ev - * -
        v1 limitranges LimitRange N limits - * -
        v1 namespaces Namespace C ns - cglwupd finalize(u) status(gup)
        v1 nodes Node C no - * proxy:NodeProxyOptions(cgupd) status(gup)
        v1 persistentvolumeclaims PersistentVolumeClaim N pvc - * status(gup)
        v1 persistentvolumes PersistentVolume C pv - * status(gup)
        v1 pods Pod N po all * attach:PodAttachOptions(cg) binding:Binding(c) ephemeralcontainers(gup) eviction:policy/v1.Eviction(c) exec:PodExecOptions(cg) log(g) portforward:PodPortForwardOptions(cg) proxy:PodProxyOptions(cgupd) resize(gup) status(gup)
        v1 podtemplates PodTemplate N - - * -
        v1 replicationcontrollers ReplicationController N rc all * scale:autoscaling/v1.Scale(gup) status(gup)
        v1 resourcequotas ResourceQuota N quota - * status(gup)
        v1 secrets Secret N - - * -
        v1 serviceaccounts ServiceAccount N sa - * token:authentication.k8s.io/v1.TokenRequest(c)
        v1 services Service N svc all * proxy:ServiceProxyOptions(cgupd) status(gup)
        apiregistration.k8s.io/v1 apiservices APIService C - api-extensions * status(gup)
        apps/v1 controllerrevisions ControllerRevision N - - * -
        apps/v1 daemonsets DaemonSet N ds all * status(gup)
        apps/v1 deployments Deployment N deploy all * scale:autoscaling/v1.Scale(gup) status(gup)
        apps/v1 replicasets ReplicaSet N rs all * scale:autoscaling/v1.Scale(gup) status(gup)
        apps/v1 statefulsets StatefulSet N sts all * scale:autoscaling/v1.Scale(gup) status(gup)
        events.k8s.io/v1 events Event N ev - * -
        authentication.k8s.io/v1 selfsubjectreviews SelfSubjectReview C - - c -
        authentication.k8s.io/v1 tokenreviews TokenReview C - - c -
        authorization.k8s.io/v1 localsubjectaccessreviews LocalSubjectAccessReview N - - c -
        authorization.k8s.io/v1 selfsubjectaccessreviews SelfSubjectAccessReview C - - c -
        authorization.k8s.io/v1 selfsubjectrulesreviews SelfSubjectRulesReview C - - c -
        authorization.k8s.io/v1 subjectaccessreviews SubjectAccessReview C - - c -
        autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler N hpa all * status(gup)
        autoscaling/v1 horizontalpodautoscalers HorizontalPodAutoscaler N hpa all * status(gup)
        batch/v1 cronjobs CronJob N cj all * status(gup)
        batch/v1 jobs Job N - all * status(gup)
        certificates.k8s.io/v1 certificatesigningrequests CertificateSigningRequest C csr - * approval(gup) status(gup)
        networking.k8s.io/v1 ingressclasses IngressClass C - - * -
        networking.k8s.io/v1 ingresses Ingress N ing - * status(gup)
        networking.k8s.io/v1 ipaddresses IPAddress C ip - * -
        networking.k8s.io/v1 networkpolicies NetworkPolicy N netpol - * -
        networking.k8s.io/v1 servicecidrs ServiceCIDR C - - * status(gup)
        policy/v1 poddisruptionbudgets PodDisruptionBudget N pdb - * status(gup)
        rbac.authorization.k8s.io/v1 clusterrolebindings ClusterRoleBinding C - - * -
        rbac.authorization.k8s.io/v1 clusterroles ClusterRole C - - * -
        rbac.authorization.k8s.io/v1 rolebindings RoleBinding N - - * -
        rbac.authorization.k8s.io/v1 roles Role N - - * -
        storage.k8s.io/v1 csidrivers CSIDriver C - - * -
        storage.k8s.io/v1 csinodes CSINode C - - * -
        storage.k8s.io/v1 csistoragecapacities CSIStorageCapacity N - - * -
        storage.k8s.io/v1 storageclasses StorageClass C sc - * -
        storage.k8s.io/v1 volumeattachments VolumeAttachment C - - * status(gup)
        storage.k8s.io/v1 volumeattributesclasses VolumeAttributesClass C vac - * -
        admissionregistration.k8s.io/v1 mutatingadmissionpolicies MutatingAdmissionPolicy C - api-extensions * -
        admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding C - api-extensions * -
        admissionregistration.k8s.io/v1 mutatingwebhookconfigurations MutatingWebhookConfiguration C - api-extensions * -
        admissionregistration.k8s.io/v1 validatingadmissionpolicies ValidatingAdmissionPolicy C - api-extensions * status(gup)
        admissionregistration.k8s.io/v1 validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding C - api-extensions * -
        admissionregistration.k8s.io/v1 validatingwebhookconfigurations ValidatingWebhookConfiguration C - api-extensions * -
        apiextensions.k8s.io/v1 customresourcedefinitions CustomResourceDefinition C crd,crds api-extensions * status(gup)
        scheduling.k8s.io/v1 priorityclasses PriorityClass C pc - * -
        coordination.k8s.io/v1 leases Lease N - - * -
        node.k8s.io/v1 runtimeclasses RuntimeClass C - - * -
        discovery.k8s.io/v1 endpointslices EndpointSlice N - - * -
        resource.k8s.io/v1 deviceclasses DeviceClass C - - * -
        resource.k8s.io/v1 resourceclaims ResourceClaim N - - * status(gup)
        resource.k8s.io/v1 resourceclaimtemplates ResourceClaimTemplate N - - * -
        resource.k8s.io/v1 resourceslices ResourceSlice C - - * -
        flowcontrol.apiserver.k8s.io/v1 flowschemas FlowSchema C - - * status(gup)
        flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations PriorityLevelConfiguration C - - * status(gup)
        metrics.k8s.io/v1beta1 nodes NodeMetrics C - - gl -
        metrics.k8s.io/v1beta1 pods PodMetrics N - - gl -
        """

    private static let letters: [Character: String] = [
        "c": "create", "g": "get", "l": "list", "w": "watch", "u": "update", "p": "patch", "d": "delete", "D": "deletecollection",
    ]

    private static func verbs(_ text: some StringProtocol) -> Set<String> {
        text == "*" ? Set(letters.values) : Set(text.compactMap { letters[$0] })
    }

    @Test func `every resource has its names, scope, verbs and subresources`() throws {
        let lines = Self.table.split(separator: "\n")
        #expect(lines.count == builtinSchemas.resources.count)
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 7).map(String.init)
            let groupVersion = try #require(GroupVersion(apiVersion: words[0]))
            let resource = try #require(builtinSchemas.resource(GroupVersionResource(groupVersion, resource: words[1])), "\(line)")
            #expect(resource.kind == words[2])
            #expect(resource.isNamespaced == (words[3] == "N"), "\(line)")
            #expect(resource.shortNames == (words[4] == "-" ? [] : words[4].split(separator: ",").map(String.init)), "\(line)")
            #expect(resource.categories == (words[5] == "-" ? [] : [words[5]]), "\(line)")
            #expect(resource.verbs == Self.verbs(words[6]), "\(line)")
            let subresources = words[7] == "-" ? [] : words[7].split(separator: " ").map(String.init)
            #expect(Set(resource.subresources.map(\.name)) == Set(subresources.map(Self.name)), "\(line)")
            for text in subresources {
                let subresource = try #require(resource.subresource(Self.name(text)))
                let inBrackets = text.drop { $0 != "(" }.dropFirst().dropLast()
                #expect(subresource.verbs == Self.verbs(inBrackets), "\(text) of \(line)")
                let kind = text.prefix { $0 != "(" }.split(separator: ":").dropFirst().first ?? Substring(words[2])
                #expect(kind.hasSuffix(subresource.kind.kind), "\(text) of \(line)")
                #expect(subresource.type != nil, "\(text) of \(line)")
            }
        }
    }

    private static func name(_ text: String) -> String { String(text.prefix { $0 != "(" && $0 != ":" }) }

    @Test func `groups come by priority and versions by stability`() {
        let groups = builtinSchemas.groups.filter { !$0.name.isEmpty }
        #expect(
            groups.map(\.name) == [
                "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
                "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io",
                "admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io",
                "discovery.k8s.io", "resource.k8s.io", "flowcontrol.apiserver.k8s.io", "metrics.k8s.io",
            ])
        #expect(groups.first { $0.name == "autoscaling" }?.versions == ["v2", "v1"])
        #expect(builtinSchemas.resource(GroupResource(group: "autoscaling", resource: "horizontalpodautoscalers"))?.version == "v2")
    }

    @Test func `every type says what it is, and every field that people write what it means`() {
        let written = ["core", "apps", "batch", "networking", "rbac", "autoscaling", "policy", "storage", "meta"]
        for type in builtinSchemas.types {
            #expect(!type.documentation.isEmpty, "\(type.name)")
            guard written.contains(where: { type.namespace.hasPrefix("\($0).") }) else { continue }
            for field in type.fields { #expect(!field.documentation.isEmpty, "\(type.name).\(field.jsonName)") }
        }
    }
}

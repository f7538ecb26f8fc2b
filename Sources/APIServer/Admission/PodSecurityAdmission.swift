internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// Refuses, reports or warns of pods that may do more than the labels of their namespace allow.
/// Source: pod-security-admission `admission/admission.go`.
struct PodSecurityAdmission: AdmissionStep {
    /// Where a pod stands in the kinds that make pods.
    private static let templates: [String: [String]] = [
        "/podtemplates": ["template"], "/replicationcontrollers": ["spec", "template"], "apps/replicasets": ["spec", "template"],
        "apps/deployments": ["spec", "template"], "apps/statefulsets": ["spec", "template"], "apps/daemonsets": ["spec", "template"],
        "batch/jobs": ["spec", "template"], "batch/cronjobs": ["spec", "jobTemplate", "spec", "template"],
    ]
    private static let ignoredSubresources: Set<String> = [
        "exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status",
    ]
    /// So many pods are looked at when a namespace's level changes.
    private static let checkedPods = 300

    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.operation != .delete else { return }
        switch "\(request.descriptor.group)/\(request.descriptor.plural)" {
        case "/namespaces": try validateNamespace(object, request)
        case "/pods":
            if let subresource = request.subresource, Self.ignoredSubresources.contains(subresource) { return }
            guard let policy = try policy(request), !policy.isPrivileged else { return }
            if let old = request.old, !isSignificant(object, old) { return }
            try evaluate(object["metadata"] ?? .null, object["spec"] ?? .null, policy, enforces: true, request)
        case let row:
            guard request.subresource == nil, let path = Self.templates[row], let policy = try policy(request),
                policy.warn.level != .privileged || policy.audit.level != .privileged,
                let template = object.value.value(at: path[...]), case .object = template
            else { return }
            try evaluate(template["metadata"] ?? .null, template["spec"] ?? .null, policy, enforces: false, request)
        }
    }

    private func policy(_ request: AdmissionRequest) throws(APIStatus) -> PodSecurityPolicy? {
        guard let namespace = try request.core.lookup.get("namespaces", name: request.namespace ?? "") else { return nil }
        return PodSecurityPolicy(labels: namespace.labels)
    }

    /// Whether an update changes what checks look at: images, ephemeral containers, annotations of security profiles.
    private func isSignificant(_ pod: KubeObject, _ old: KubeObject) -> Bool {
        func security(_ pod: KubeObject) -> [String: String] { pod.annotations.filter { $0.key.contains("apparmor") || $0.key.contains("seccomp") } }
        var (new, before) = (pod["spec"] ?? .null, old["spec"] ?? .null)
        for field in ["nodeName", "tolerations", "activeDeadlineSeconds", "priority", "schedulingGates", "terminationGracePeriodSeconds"] {
            new[field] = nil
            before[field] = nil
        }
        return new != before || security(pod) != security(old)
    }

    private func evaluate(
        _ metadata: JSONValue, _ spec: JSONValue, _ policy: PodSecurityPolicy, enforces: Bool, _ request: AdmissionRequest
    ) throws(APIStatus) {
        let pod = PodSecurityChecks(metadata: metadata, spec: spec)
        var seen: [PodSecurityRule: String] = [:]
        func violations(_ rule: PodSecurityRule) -> String {
            if let known = seen[rule] { return known }
            let text = pod.violations(rule).joined(separator: ", ")
            seen[rule] = text
            return text
        }
        if policy.audit.level != .privileged, case let text = violations(policy.audit), !text.isEmpty {
            context(request, "audit-violations", "would violate PodSecurity \(policy.audit.text.goQuoted): \(text)")
        }
        if enforces, policy.enforce.level != .privileged {
            context(request, "enforce-policy", policy.enforce.text)
            let text = violations(policy.enforce)
            if !text.isEmpty { throw request.forbidden("violates PodSecurity \(policy.enforce.text.goQuoted): \(text)") }
        }
        if policy.warn.level != .privileged, case let text = violations(policy.warn), !text.isEmpty {
            request.warn("would violate PodSecurity \(policy.warn.text.goQuoted): \(text)")
        }
    }

    private func context(_ request: AdmissionRequest, _ name: String, _ text: String) {
        request.context.warnings.annotate("\(PodSecurityPolicy.prefix)\(name)", text)
    }

    // MARK: Namespaces

    private func validateNamespace(_ namespace: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.subresource == nil else { return }
        let policy = PodSecurityPolicy(labels: namespace.labels)
        let before = request.old.map { PodSecurityPolicy(labels: $0.labels) }
        if !policy.errors.isEmpty, policy.errors != before?.errors {
            throw .invalid(kind: request.descriptor.groupKind, name: namespace.name, policy.errors)
        }
        guard let before, policy.enforce != before.enforce, policy.enforce.level != .privileged else { return }
        if policy.enforce.minor == before.enforce.minor, policy.enforce.level <= before.enforce.level { return }
        try warnOfPods(namespace.name, policy.enforce, request)
    }

    /// Tells which pods of a namespace would be refused from now on; pods that violate in the same way are counted together.
    private func warnOfPods(_ namespace: String, _ rule: PodSecurityRule, _ request: AdmissionRequest) throws(APIStatus) {
        let core = request.core
        let prefix = request.core.endpoints["", "v1", "pods"]?.prefix(namespace: namespace) ?? ""
        let listing = try core.reading { () throws(StoreError) in try core.store.list(prefix: prefix, limit: Self.checkedPods) }
        var found: [(text: String, first: String, others: Int)] = []
        for item in listing.items {
            let pod = try ObjectCoding.decode(item)
            let text = PodSecurityChecks(metadata: pod["metadata"] ?? .null, spec: pod["spec"] ?? .null).reasons(rule).joined(separator: ", ")
            guard !text.isEmpty else { continue }
            if let index = found.firstIndex(where: { $0.text == text }) {
                found[index].others += 1
            } else {
                found.append((text, pod.name, 0))
            }
        }
        guard !found.isEmpty else { return }
        request.warn("existing pods in namespace \(namespace.goQuoted) violate the new PodSecurity enforce level \(rule.text.goQuoted)")
        for entry in found {
            let more = entry.others == 0 ? "" : " (and \(entry.others) other pod\(entry.others == 1 ? "" : "s"))"
            request.warn("\(entry.first)\(more): \(entry.text)")
        }
    }
}

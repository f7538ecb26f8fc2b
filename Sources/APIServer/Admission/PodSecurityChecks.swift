internal import APIMachinery
internal import JSONCore

/// The checks of the levels `baseline` and `restricted` over one pod, in Kubernetes' words and order.
/// Source: pod-security-admission `policy/check_*.go`.
struct PodSecurityChecks {
    struct Violation: Hashable {
        var reason: String
        var detail: String
    }

    private let annotations: JSONObject
    let spec: JSONValue
    let containers: [JSONValue]

    init(metadata: JSONValue, spec: JSONValue) {
        annotations = metadata["annotations"]?.objectValue ?? JSONObject()
        self.spec = spec
        containers = ["initContainers", "containers", "ephemeralContainers"].flatMap { spec[$0]?.arrayValue ?? [] }
    }

    /// What violates a rule, as `reason (detail)`.
    func violations(_ rule: PodSecurityRule) -> [String] {
        found(rule).map { $0.detail.isEmpty ? $0.reason : "\($0.reason) (\($0.detail))" }
    }

    /// What violates a rule, without names.
    func reasons(_ rule: PodSecurityRule) -> [String] { found(rule).map(\.reason) }

    private func found(_ rule: PodSecurityRule) -> [Violation] {
        guard rule.level != .privileged else { return [] }
        let isRestricted = rule.level == .restricted
        var checks: [Violation?] = [appArmor()]
        // Restricted has its own, stricter forms of these.
        if !(isRestricted && rule.isAtLeast(22)) { checks.append(baselineCapabilities()) }
        checks.append(hostNamespaces())
        if !isRestricted { checks.append(hostPathVolumes()) }
        checks.append(hostPorts())
        if rule.isAtLeast(34) { checks.append(hostProbes()) }
        checks += [privileged(), procMount(rule, isRestricted: false), selinux(rule)]
        if !(isRestricted && rule.isAtLeast(19)) { checks.append(rule.isAtLeast(19) ? baselineSeccomp() : seccompAnnotations()) }
        checks += [sysctls(rule), windowsHostProcess()]
        if isRestricted { checks += restricted(rule) }
        return checks.compactMap { $0 }
    }

    // MARK: Words

    func name(_ container: JSONValue) -> String { container["name"]?.stringValue ?? "" }

    /// `container "a"` or `containers "a", "b"`.
    func subject(_ names: [String]) -> String { "\(names.count == 1 ? "container" : "containers") \(quoted(names))" }

    func quoted(_ texts: some Sequence<String>) -> String { texts.map(\.goQuoted).joined(separator: ", ") }

    func context(_ container: JSONValue) -> JSONValue? { container["securityContext"] }

    /// Who set something bad: `pod and containers "a", "b"`.
    func setters(pod: Bool, _ names: [String]) -> String {
        ((pod ? ["pod"] : []) + (names.isEmpty ? [] : [subject(names)])).joined(separator: " and ")
    }

    // MARK: Baseline

    private func appArmor() -> Violation? {
        let prefix = "container.apparmor.security.beta.kubernetes.io/"
        var bad: [String] = []
        for member in annotations where member.key.hasPrefix(prefix) {
            let value = member.value.stringValue ?? ""
            if value.isEmpty || value == "runtime/default" || value.hasPrefix("localhost/") { continue }
            bad.append("\(member.key)=\(value.goQuoted)")
        }
        func isBad(_ value: JSONValue?) -> Bool {
            guard let type = value?["appArmorProfile", "type"]?.stringValue else { return false }
            return type != "RuntimeDefault" && type != "Localhost"
        }
        let names = containers.filter { isBad(context($0)) }.map(name)
        let isPodBad = isBad(spec["securityContext"])
        var details = bad.isEmpty ? [] : [bad.sorted().joined(separator: ", ")]
        if isPodBad || !names.isEmpty {
            details.insert("\(setters(pod: isPodBad, names)) must not set AppArmor profile type to \"Unconfined\"", at: 0)
        }
        guard !details.isEmpty else { return nil }
        let count = bad.count + names.count + (isPodBad ? 1 : 0)
        return Violation(
            reason: count == 1 ? "forbidden AppArmor profile" : "forbidden AppArmor profiles", detail: details.joined(separator: "; "))
    }

    private static let defaultCapabilities: Set<String> = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
        "SETUID", "SYS_CHROOT",
    ]

    private func baselineCapabilities() -> Violation? {
        let (names, added) = adding { !Self.defaultCapabilities.contains($0) }
        guard !names.isEmpty else { return nil }
        return Violation(
            reason: "non-default capabilities",
            detail: "\(subject(names)) must not include \(quoted(added)) in securityContext.capabilities.add")
    }

    /// The containers that add capabilities of a sort, and which.
    func adding(_ isBad: (String) -> Bool) -> ([String], [String]) {
        var names: [String] = []
        var added: Set<String> = []
        for container in containers {
            let bad = (context(container)?["capabilities", "add"]?.arrayValue ?? []).compactMap(\.stringValue).filter(isBad)
            guard !bad.isEmpty else { continue }
            names.append(name(container))
            added.formUnion(bad)
        }
        return (names, added.sorted())
    }

    private func hostNamespaces() -> Violation? {
        let used = ["hostNetwork", "hostPID", "hostIPC"].filter { spec[$0]?.boolValue == true }.map { "\($0)=true" }
        return used.isEmpty ? nil : Violation(reason: "host namespaces", detail: used.joined(separator: ", "))
    }

    private func hostPathVolumes() -> Violation? {
        let names = (spec["volumes"]?.arrayValue ?? []).filter { !($0["hostPath"]?.isNull ?? true) }.map(name)
        guard !names.isEmpty else { return nil }
        return Violation(reason: "hostPath volumes", detail: "\(names.count == 1 ? "volume" : "volumes") \(quoted(names))")
    }

    private func hostPorts() -> Violation? {
        var names: [String] = []
        var ports: Set<Int64> = []
        for container in containers {
            let used = (container["ports"]?.arrayValue ?? []).compactMap { $0["hostPort"]?.integerValue }.filter { $0 != 0 }
            guard !used.isEmpty else { continue }
            names.append(name(container))
            ports.formUnion(used)
        }
        guard !names.isEmpty else { return nil }
        let list = ports.map { String($0) }.sorted().joined(separator: ", ")
        return Violation(
            reason: "hostPort",
            detail: "\(subject(names)) \(names.count == 1 ? "uses" : "use") \(ports.count == 1 ? "hostPort" : "hostPorts") \(list)")
    }

    private func hostProbes() -> Violation? {
        var names: Set<String> = []
        var hosts: Set<String> = []
        for container in containers {
            let handlers = [
                container["livenessProbe"], container["readinessProbe"], container["startupProbe"], container["lifecycle", "postStart"],
                container["lifecycle", "preStop"],
            ]
            for handler in handlers.compactMap({ $0 }) {
                for action in ["httpGet", "tcpSocket"] {
                    guard let host = handler[action, "host"]?.stringValue, !host.isEmpty else { continue }
                    names.insert(name(container))
                    hosts.insert(host)
                }
            }
        }
        guard !names.isEmpty else { return nil }
        let noun = hosts.count == 1 ? "probe or lifecycle host" : "probe or lifecycle hosts"
        return Violation(
            reason: "probe or lifecycle host",
            detail: "\(subject(names.sorted())) \(names.count == 1 ? "uses" : "use") \(noun) \(quoted(hosts.sorted()))")
    }

    private func privileged() -> Violation? {
        let names = containers.filter { context($0)?["privileged"]?.boolValue == true }.map(name)
        return names.isEmpty
            ? nil : Violation(reason: "privileged", detail: "\(subject(names)) must not set securityContext.privileged=true")
    }

    /// Whether the pod has users of its own, so that root inside is nobody outside.
    func hasOwnUsers(_ rule: PodSecurityRule) -> Bool { rule.isAtLeast(35) && spec["hostUsers"]?.boolValue == false }

    func procMount(_ rule: PodSecurityRule, isRestricted: Bool) -> Violation? {
        if !isRestricted, hasOwnUsers(rule) { return nil }
        func type(_ container: JSONValue) -> String? {
            context(container)?["procMount"]?.stringValue.flatMap { $0 == "Default" ? nil : $0 }
        }
        let bad = containers.filter { type($0) != nil }
        guard !bad.isEmpty else { return nil }
        let types = Set(bad.compactMap(type)).sorted()
        return Violation(
            reason: "procMount", detail: "\(subject(bad.map(name))) must not set securityContext.procMount to \(quoted(types))")
    }

    private func selinux(_ rule: PodSecurityRule) -> Violation? {
        var allowed: Set = ["", "container_t", "container_init_t", "container_kvm_t"]
        if rule.isAtLeast(31) { allowed.insert("container_engine_t") }
        var types: Set<String> = []
        var others: Set<String> = []
        func isBad(_ value: JSONValue?) -> Bool {
            guard let options = value?["seLinuxOptions"] else { return false }
            let type = options["type"]?.stringValue ?? ""
            if !allowed.contains(type) { types.insert(type) }
            let set = ["user", "role"].filter { !(options[$0]?.stringValue ?? "").isEmpty }
            others.formUnion(set)
            return !allowed.contains(type) || !set.isEmpty
        }
        let isPodBad = isBad(spec["securityContext"])
        let names = containers.filter { isBad(context($0)) }.map(name)
        guard isPodBad || !names.isEmpty else { return nil }
        var data = types.isEmpty ? [] : ["\(types.count == 1 ? "type" : "types") \(quoted(types.sorted()))"]
        data += ["user", "role"].filter(others.contains).map { "\($0) may not be set" }
        return Violation(
            reason: "seLinuxOptions",
            detail: "\(setters(pod: isPodBad, names)) set forbidden securityContext.seLinuxOptions: \(data.joined(separator: "; "))")
    }

    private func seccompAnnotations() -> Violation? {
        let bad = annotations.filter { member in
            guard member.key.contains("seccomp.security.alpha.kubernetes.io/") else { return false }
            let value = member.value.stringValue ?? ""
            return value != "runtime/default" && value != "docker/default" && !value.hasPrefix("localhost/")
        }.map { "\($0.key)=\(($0.value.stringValue ?? "").goQuoted)" }.sorted()
        guard !bad.isEmpty else { return nil }
        return Violation(
            reason: "seccompProfile",
            detail: "forbidden \(bad.count == 1 ? "annotation" : "annotations") \(bad.joined(separator: ", "))")
    }

    func baselineSeccomp() -> Violation? {
        func bad(_ value: JSONValue?) -> String? {
            guard let profile = value?["seccompProfile"], !profile.isNull else { return nil }
            let type = profile["type"]?.stringValue ?? ""
            return type == "RuntimeDefault" || type == "Localhost" ? nil : type
        }
        let ofPod = bad(spec["securityContext"])
        let names = containers.filter { bad(context($0)) != nil }.map(name)
        guard ofPod != nil || !names.isEmpty else { return nil }
        let values = Set(containers.compactMap { bad(context($0)) } + [ofPod].compactMap { $0 }).sorted()
        return Violation(
            reason: "seccompProfile",
            detail: "\(setters(pod: ofPod != nil, names)) must not set securityContext.seccompProfile.type to \(quoted(values))")
    }

    private func sysctls(_ rule: PodSecurityRule) -> Violation? {
        var allowed: Set = [
            "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
            "net.ipv4.ip_unprivileged_port_start",
        ]
        if rule.isAtLeast(27) { allowed.insert("net.ipv4.ip_local_reserved_ports") }
        if rule.isAtLeast(29) {
            allowed.formUnion([
                "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
            ])
        }
        if rule.isAtLeast(32) { allowed.formUnion(["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"]) }
        let bad = (spec["securityContext", "sysctls"]?.arrayValue ?? []).map(name).filter { !allowed.contains($0) }
        return bad.isEmpty ? nil : Violation(reason: "forbidden sysctls", detail: bad.joined(separator: ", "))
    }

    private func windowsHostProcess() -> Violation? {
        func isSet(_ value: JSONValue?) -> Bool { value?["windowsOptions", "hostProcess"]?.boolValue == true }
        let names = containers.filter { isSet(context($0)) }.map(name)
        let isPodBad = isSet(spec["securityContext"])
        guard isPodBad || !names.isEmpty else { return nil }
        return Violation(
            reason: "hostProcess", detail: "\(setters(pod: isPodBad, names)) must not set securityContext.windowsOptions.hostProcess=true")
    }
}

internal import APIMachinery
internal import JSONCore

extension PodSecurityChecks {
    /// The checks of `restricted` beyond those of `baseline`.
    func restricted(_ rule: PodSecurityRule) -> [Violation?] {
        // What only Linux knows is not asked of pods that say they are for Windows.
        let isLinux = !(rule.isAtLeast(25) && spec["os", "name"]?.stringValue == "windows")
        return [
            rule.isAtLeast(8) && isLinux ? privilegeEscalation() : nil,
            rule.isAtLeast(22) && isLinux ? capabilities() : nil,
            procMount(rule, isRestricted: true).flatMap { hasOwnUsers(rule) ? $0 : nil },
            volumes(),
            hasOwnUsers(rule) ? nil : nonRoot(),
            rule.isAtLeast(23) && !hasOwnUsers(rule) ? user() : nil,
            rule.isAtLeast(19) && isLinux ? seccomp() : nil,
        ]
    }

    private func privilegeEscalation() -> Violation? {
        let names = containers.filter { context($0)?["allowPrivilegeEscalation"]?.boolValue != false }.map(name)
        guard !names.isEmpty else { return nil }
        return Violation(
            reason: "allowPrivilegeEscalation != false",
            detail: "\(subject(names)) must set securityContext.allowPrivilegeEscalation=false")
    }

    private func capabilities() -> Violation? {
        let keeping = containers.filter { container in
            !(context(container)?["capabilities", "drop"]?.arrayValue ?? []).contains { $0.stringValue == "ALL" }
        }.map(name)
        let (names, added) = adding { $0 != "NET_BIND_SERVICE" }
        var details: [String] = []
        if !keeping.isEmpty { details.append("\(subject(keeping)) must set securityContext.capabilities.drop=[\"ALL\"]") }
        if !names.isEmpty {
            details.append("\(subject(names)) must not include \(quoted(added)) in securityContext.capabilities.add")
        }
        return details.isEmpty ? nil : Violation(reason: "unrestricted capabilities", detail: details.joined(separator: "; "))
    }

    private static let volumeTypes: Set<String> = [
        "name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image",
    ]

    private func volumes() -> Violation? {
        var names: [String] = []
        var types: Set<String> = []
        for volume in spec["volumes"]?.arrayValue ?? [] {
            let bad = (volume.objectValue ?? JSONObject()).filter { !Self.volumeTypes.contains($0.key) && !$0.value.isNull }.map(\.key)
            guard let type = bad.first else { continue }
            names.append(name(volume))
            types.insert(type)
        }
        guard !names.isEmpty else { return nil }
        return Violation(
            reason: "restricted volume types",
            detail: "\(names.count == 1 ? "volume" : "volumes") \(quoted(names)) \(names.count == 1 ? "uses" : "use") restricted volume "
                + "\(types.count == 1 ? "type" : "types") \(quoted(types.sorted()))")
    }

    private func nonRoot() -> Violation? {
        let reason = "runAsNonRoot != true"
        let ofPod = spec["securityContext", "runAsNonRoot"]?.boolValue
        let explicit = containers.filter { context($0)?["runAsNonRoot"]?.boolValue == false }.map(name)
        if ofPod == false || !explicit.isEmpty {
            return Violation(reason: reason, detail: "\(setters(pod: ofPod == false, explicit)) must not set securityContext.runAsNonRoot=false")
        }
        guard ofPod != true else { return nil }
        let open = containers.filter { context($0)?["runAsNonRoot"]?.boolValue == nil }.map(name)
        guard !open.isEmpty else { return nil }
        return Violation(reason: reason, detail: "pod or \(subject(open)) must set securityContext.runAsNonRoot=true")
    }

    private func user() -> Violation? {
        let isPodRoot = spec["securityContext", "runAsUser"]?.integerValue == 0
        let names = containers.filter { context($0)?["runAsUser"]?.integerValue == 0 }.map(name)
        guard isPodRoot || !names.isEmpty else { return nil }
        return Violation(reason: "runAsUser=0", detail: "\(setters(pod: isPodRoot, names)) must not set runAsUser=0")
    }

    private func seccomp() -> Violation? {
        if let bad = baselineSeccomp() { return bad }
        guard spec["securityContext", "seccompProfile"]?.isNull ?? true else { return nil }
        let open = containers.filter { context($0)?["seccompProfile"]?.isNull ?? true }.map(name)
        guard !open.isEmpty else { return nil }
        return Violation(
            reason: "seccompProfile",
            detail: "pod or \(subject(open)) must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"")
    }
}

internal import APIMachinery
package import LinuxKernel

/// Resolves policies to addresses: a pure function of policies, pods and the labels of namespaces.
package struct PolicyCompiler: Sendable {
    private let pods: [PolicyPod]
    private let byNamespace: [String: [PolicyPod]]
    private let namespaces: [String: [String: String]]

    /// - Parameter namespaces: the labels of each.
    package init(pods: [PolicyPod], namespaces: [String: [String: String]]) {
        self.pods = pods
        self.namespaces = namespaces
        byNamespace = Dictionary(grouping: pods, by: \.namespace)
    }

    /// - Parameter node: addresses from which the node reaches its pods whatever policies say.
    package func compile(_ policies: [NetworkPolicy], node: Set<IPv4Address>) -> EnforcedPolicies {
        var result = EnforcedPolicies(node: node)
        for policy in policies.sorted(by: { ($0.namespace, $0.name) < ($1.namespace, $1.name) }) {
            let selected = (byNamespace[policy.namespace] ?? []).filter { $0.isSelectable && policy.selector.matches($0.labels) }
            guard !selected.isEmpty else { continue }
            for (direction, rules) in policy.rules {
                let origins = rules.indices.map {
                    PolicyOrigin(namespace: policy.namespace, policy: policy.name, uid: policy.uid, direction: direction, number: $0 + 1)
                }
                for (origin, rule) in zip(origins, rules) { result.rules[origin] = resolve(rule, of: policy, origin.direction, selected) }
                for pod in selected {
                    result.isolations[direction, default: [:]][pod.address, default: .init()].policies.append("\(policy.namespace)/\(policy.name)")
                    result.isolations[direction, default: [:]][pod.address, default: .init()].rules += origins
                }
            }
        }
        return result
    }

    private func resolve(
        _ rule: NetworkPolicy.Rule, of policy: NetworkPolicy, _ direction: NetworkPolicy.Direction, _ selected: [PolicyPod]
    ) -> EnforcedPolicies.Rule {
        var resolved = EnforcedPolicies.Rule()
        var found: [PolicyPod]?
        if let peers = rule.peers {
            let blocks = peers.compactMap { if case .block(let block) = $0 { block } else { nil } }
            let matching = peers.flatMap { matches($0, in: policy.namespace) }
            resolved.blocks = blocks
            resolved.addresses = Set(matching.map(\.address))
            if blocks.isEmpty { found = matching }
        }
        guard let ports = rule.ports else { return resolved }
        resolved.ports = ports.compactMap { if case .numbers(let transport, let range) = $0 { .init(transport: transport, range: range) } else { nil } }
        // A name means a port of the pod that answers.
        let answering = direction == .ingress ? selected : found ?? pods
        let names = ports.compactMap { if case .named(let transport, let name) = $0 { (transport, name) } else { nil } }
        resolved.named = Set(
            names.flatMap { transport, name in
                answering.flatMap { pod in
                    pod.ports.filter { $0.name == name && $0.transport == transport }.map {
                        EnforcedPolicies.Destination(address: pod.address, transport: transport, port: $0.number)
                    }
                }
            })
        return resolved
    }

    private func matches(_ peer: NetworkPolicy.Peer, in namespace: String) -> [PolicyPod] {
        guard case .pods(let selector, let wanted) = peer else { return [] }
        let places = wanted.map { wanted in namespaces.filter { wanted.matches($0.value) }.map(\.key) } ?? [namespace]
        return places.flatMap { byNamespace[$0] ?? [] }.filter { selector.matches($0.labels) }
    }
}

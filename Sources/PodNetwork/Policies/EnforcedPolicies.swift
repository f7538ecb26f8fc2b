package import LinuxKernel

/// Where a rule comes from.
package struct PolicyOrigin: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let namespace: String
    package let policy: String
    /// The policy's, which names its chains: a namesake that comes later has others.
    package let uid: String
    package let direction: NetworkPolicy.Direction
    /// Place among the policy's rules of this direction, from 1.
    package let number: Int

    package static func < (left: PolicyOrigin, right: PolicyOrigin) -> Bool {
        (left.namespace, left.policy, left.number, left.uid) < (right.namespace, right.policy, right.number, right.uid)
    }

    package var description: String { "\(namespace)/\(policy) \(direction.rawValue) rule \(number)" }
}

/// All policies of a cluster, resolved to addresses and ports: what the kernel is told, and what questions are answered from.
package struct EnforcedPolicies: Sendable, Hashable {
    /// What one rule lets pass.
    package struct Rule: Sendable, Hashable {
        /// Pods that its selectors find; nil together with `blocks` for everybody.
        package var addresses: Set<IPv4Address>?
        /// Ranges.
        package var blocks: [NetworkPolicy.AddressBlock]?
        /// nil for every port of every protocol, together with `named`.
        package var ports: [NumberedPorts]?
        /// Ports by name, at the pods that have such a port.
        package var named: Set<Destination>?
    }

    /// Ports by number.
    package struct NumberedPorts: Sendable, Hashable {
        package let transport: ServicePort.TransportProtocol
        package let range: ClosedRange<UInt16>
    }

    /// A port of one pod.
    package struct Destination: Sendable, Hashable {
        package let address: IPv4Address
        package let transport: ServicePort.TransportProtocol
        package let port: UInt16
    }

    /// A pod that is closed but for what rules let pass.
    package struct Isolation: Sendable, Hashable {
        /// The policies that isolate it, as NAMESPACE/NAME, in order.
        package var policies: [String] = []
        /// Their rules, in order.
        package var rules: [PolicyOrigin] = []
    }

    /// What becomes of a new connection in one direction.
    package enum Decision: Sendable, Hashable {
        /// No policy isolates the pod.
        case open
        /// It comes from the pod itself or from its node, which policies never keep out.
        case exempt
        case allowed(PolicyOrigin)
        /// These isolate the pod, and no rule of theirs allows it.
        case denied([String])

        /// Whether it passes.
        package var passes: Bool { if case .denied = self { false } else { true } }
    }

    /// Addresses from which the node reaches its pods whatever policies say.
    package var node: Set<IPv4Address>
    package var isolations: [NetworkPolicy.Direction: [IPv4Address: Isolation]] = [:]
    package var rules: [PolicyOrigin: Rule] = [:]

    package init(node: Set<IPv4Address> = []) { self.node = node }

    /// Decides as the kernel does.
    /// - Parameters:
    ///   - transport: IP protocol number.
    ///   - port: of the answering end, after any translation; 0 for protocols without.
    package func decide(
        _ direction: NetworkPolicy.Direction, from source: IPv4Address, to destination: IPv4Address, transport: UInt8, port: UInt16
    ) -> Decision {
        let (own, peer) = direction == .ingress ? (destination, source) : (source, destination)
        guard let isolation = isolations[direction]?[own] else { return .open }
        if own == peer || direction == .ingress && node.contains(source) { return .exempt }
        let allowing = isolation.rules.first { origin in
            rules[origin]?.allows(peer: peer, to: destination, transport: transport, port: port) ?? false
        }
        return allowing.map { .allowed($0) } ?? .denied(isolation.policies)
    }
}

extension EnforcedPolicies.Rule {
    func allows(peer: IPv4Address, to destination: IPv4Address, transport: UInt8, port: UInt16) -> Bool {
        let isPeer =
            addresses == nil && blocks == nil || addresses?.contains(peer) ?? false || blocks?.contains { $0.contains(peer) } ?? false
        guard isPeer else { return false }
        if ports == nil && named == nil { return true }
        guard let transport = ServicePort.TransportProtocol(rawValue: transport) else { return false }
        return ports?.contains { $0.transport == transport && $0.range.contains(port) } ?? false
            || named?.contains(.init(address: destination, transport: transport, port: port)) ?? false
    }
}

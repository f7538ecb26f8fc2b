package import APIMachinery
import JSONCore
package import KubeClient

/// A pod at one end of a connection, with the labels of its namespace.
package struct NetworkEnd: Sendable {
    /// The pod.
    package var pod: KubeObject
    /// The labels of its namespace.
    package var namespaceLabels: [String: String]
    /// An end.
    package init(pod: KubeObject, namespaceLabels: [String: String]) {
        self.pod = pod
        self.namespaceLabels = namespaceLabels
    }
}

/// What NetworkPolicies say of one connection, in one direction. Source: networking/v1 NetworkPolicySpec: policies that select a pod
/// isolate it, and a connection passes when one rule of one of them allows it.
package struct PolicyVerdict: Sendable, Hashable {
    /// Which side is asked.
    package enum Direction: String, Sendable { case ingress, egress }

    /// Which side was asked.
    package var direction: Direction
    /// The policies that select the pod in this direction, by name; without any everything passes.
    package var selecting: [String]
    /// The policy that allows it, with the number of its rule, from 1; nil when none does.
    package var allowing: (policy: String, rule: Int)?

    /// Whether it is with the pod's node or with itself, which policies never keep apart; only the network's own answer tells. Default false.
    package var isExempt = false

    /// Whether the connection passes.
    package var isAllowed: Bool { selecting.isEmpty || allowing != nil }

    /// What the network itself answers.
    package init(_ direction: Direction, enforced: NetworkVerdict) {
        self.direction = direction
        selecting = enforced.policies
        isExempt = enforced.outcome == .exempt
        if let policy = enforced.policies.first, let rule = enforced.rule { allowing = (policy, rule) }
    }

    /// What policies of a pod's namespace say of a connection between it and another pod, to `port` of the one that answers.
    package init(_ direction: Direction, of own: NetworkEnd, with other: NetworkEnd, port: NetworkPort, policies: [KubeObject]) {
        self.direction = direction
        let selected = policies.filter { policy in
            policy.namespace == own.pod.namespace && Self.applies(policy, direction) && Self.selects(policy["spec", "podSelector"], own.pod.labels)
        }
        selecting = selected.map(\.name)
        for policy in selected {
            let rules = policy.array("spec", direction.rawValue)
            let peers = direction == .ingress ? "from" : "to"
            guard let index = rules.firstIndex(where: { Self.allows($0, peers, other, port, policy.namespace) }) else { continue }
            allowing = (policy.name, index + 1)
            return
        }
    }

    package static func == (left: PolicyVerdict, right: PolicyVerdict) -> Bool {
        left.direction == right.direction && left.selecting == right.selecting && left.allowing?.policy == right.allowing?.policy
            && left.allowing?.rule == right.allowing?.rule && left.isExempt == right.isExempt
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(direction)
        hasher.combine(selecting)
        hasher.combine(allowing?.policy)
    }

    private static func applies(_ policy: KubeObject, _ direction: Direction) -> Bool {
        let types = policy.array("spec", "policyTypes").compactMap(\.stringValue)
        if types.isEmpty { return direction == .ingress || policy["spec", "egress"] != nil }
        return types.contains { $0.lowercased() == direction.rawValue }
    }

    private static func allows(_ rule: JSONValue, _ field: String, _ other: NetworkEnd, _ port: NetworkPort, _ namespace: String?) -> Bool {
        let ports = rule["ports"]?.arrayValue ?? []
        guard ports.isEmpty || ports.contains(where: { port.matches($0) }) else { return false }
        let peers = rule[field]?.arrayValue ?? []
        return peers.isEmpty || peers.contains { matches($0, other, namespace) }
    }

    private static func matches(_ peer: JSONValue, _ other: NetworkEnd, _ namespace: String?) -> Bool {
        if let block = peer["ipBlock"] {
            guard let range = AddressBlock(block["cidr"]?.stringValue ?? ""), let address = other.pod.string("status", "podIP") else { return false }
            return range.contains(address)
                && !(block["except"]?.arrayValue ?? []).contains { AddressBlock($0.stringValue ?? "")?.contains(address) ?? false }
        }
        if let selector = peer["namespaceSelector"] {
            guard selects(selector, other.namespaceLabels) else { return false }
        } else if other.pod.namespace != namespace {
            return false
        }
        return peer["podSelector"].map { selects($0, other.pod.labels) } ?? true
    }

    private static func selects(_ selector: JSONValue?, _ labels: [String: String]) -> Bool {
        // A selector that is not understood selects nothing; an empty one everything.
        guard let selector else { return true }
        do throws(APIStatus) { return try LabelSelector(value: selector).matches(labels) } catch { return false }
    }
}

/// A port as policies name it.
package struct NetworkPort: Sendable, Hashable {
    /// The number.
    package var number: Int64
    /// The name that the answering pod gives it; nil when it gives none.
    package var name: String?
    /// `TCP`, `UDP` or `SCTP`.
    package var transport: String

    /// A port.
    package init(number: Int64, name: String? = nil, transport: String = "TCP") {
        self.number = number
        self.name = name
        self.transport = transport
    }

    /// Whether an entry of a rule's ports means this one.
    func matches(_ entry: JSONValue) -> Bool {
        guard entry["protocol"]?.stringValue ?? "TCP" == transport else { return false }
        guard let wanted = entry["port"] else { return true }
        if let text = wanted.stringValue { return text == name || Int64(text) == number }
        guard let first = wanted.integerValue else { return false }
        return first <= number && number <= entry["endPort"]?.integerValue ?? first
    }
}

/// A range of IPv4 addresses.
struct AddressBlock: Sendable {
    private let first: UInt32
    private let mask: UInt32

    /// Reads `10.1.0.0/16`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = Self.address(parts[0]), let length = UInt32(parts[1]), length <= 32 else { return nil }
        mask = length == 0 ? 0 : ~UInt32(0) << (32 - length)
        first = address & mask
    }

    func contains(_ text: String) -> Bool { Self.address(text[...]).map { $0 & mask == first } ?? false }

    private static func address(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }
}

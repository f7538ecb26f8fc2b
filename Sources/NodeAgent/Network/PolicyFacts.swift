import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel
import PodNetwork

/// What is known of policies, pods and namespaces: fed by events, compiled when something changed.
struct PolicyFacts: Sendable {
    private struct Known<Value: Sendable>: Sendable {
        var value: Value
        var revision: Int64
    }

    private var policies: [String: Known<NetworkPolicy>] = [:]
    /// Uids of policies that are gone, which a list that was read before may still name.
    private var gonePolicies: Set<String> = []
    private static let mostGone = 10_000
    /// By uid, with where the pod is known to be; only those with an address.
    private var pods: [String: PolicyPod] = [:]
    private var namespaces: [String: [String: String]] = [:]
    /// Addresses that this node gave to pods, which hold before any status says so.
    private var given: [String: IPv4Address] = [:]

    /// Each returns whether anything changed that policies ask for.
    mutating func note(policy event: InformerEvent) -> Bool {
        if case .deleted(let object) = event {
            if gonePolicies.count >= Self.mostGone { gonePolicies = [] }
            gonePolicies.insert(object.uid)
            return policies.removeValue(forKey: object.uid) != nil
        }
        return note(policy: event.object)
    }

    /// A policy that was read; an older version than the known one, or one that is gone, changes nothing.
    @discardableResult
    mutating func note(policy object: KubeObject) -> Bool {
        guard !gonePolicies.contains(object.uid) else { return false }
        let (policy, revision) = (NetworkPolicy(object), object.revision ?? 0)
        let known = policies[object.uid]
        if let known, known.revision > revision { return false }
        policies[object.uid] = Known(value: policy, revision: revision)
        return known?.value != policy
    }

    mutating func note(namespace event: InformerEvent) -> Bool {
        let object = event.object
        if case .deleted = event { return namespaces.removeValue(forKey: object.name) != nil }
        defer { namespaces[object.name] = object.labels }
        return namespaces[object.name] != object.labels
    }

    mutating func note(pod event: InformerEvent) -> Bool {
        let object = event.object
        if case .deleted = event {
            return pods.removeValue(forKey: object.uid) != nil
        }
        return set(PolicyPod(object, address: given[object.uid]), object.uid)
    }

    /// A pod that is about to be connected at an address.
    mutating func give(_ address: IPv4Address, to pod: KubeObject) -> Bool {
        given[pod.uid] = address
        return set(PolicyPod(pod, address: address), pod.uid)
    }

    /// A pod that is no more at its address.
    mutating func takeBack(_ uid: String) -> Bool {
        given[uid] = nil
        return pods.removeValue(forKey: uid) != nil
    }

    private mutating func set(_ pod: PolicyPod?, _ uid: String) -> Bool {
        defer { pods[uid] = pod }
        return pods[uid] != pod
    }

    /// What the kernel is to enforce. `services` are peers that are no pods.
    func compile(node: Set<IPv4Address>, services: [PolicyPod]) -> EnforcedPolicies {
        PolicyCompiler(pods: present + services, namespaces: namespaces).compile(policies.values.map(\.value), node: node)
    }

    /// The names of pods by address, as NAMESPACE/NAME.
    var names: [IPv4Address: String] {
        Dictionary(present.map { ($0.address, "\($0.namespace)/\($0.name)") }, uniquingKeysWith: { first, _ in first })
    }

    /// Every pod with an address; of one that was given again, the new owner's.
    private var present: [PolicyPod] {
        let owners = Dictionary(given.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        return pods.filter { owners[$0.value.address] ?? $0.key == $0.key }.map(\.value)
    }
}

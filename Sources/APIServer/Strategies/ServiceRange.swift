internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore

/// A ServiceCIDR: one range of service addresses, or one of each family.
/// Source: `pkg/controller/servicecidrs/servicecidrs_controller.go`, `pkg/registry/core/service/ipallocator/cidrallocator.go`.
struct ServiceRange: Sendable {
    static let finalizer = "networking.k8s.io/service-cidr-finalizer"
    static let prefix = ObjectKey.prefix(group: "networking.k8s.io", resource: "servicecidrs", namespace: nil)
    /// The range that every cluster has.
    static let own = "kubernetes"

    let object: KubeObject
    /// Those that can be read.
    let cidrs: [CIDR]
    /// Those that services get addresses from.
    private let ranges: [AddressRange]

    init(_ object: KubeObject) {
        self.object = object
        let texts = object.array("spec", "cidrs").compactMap(\.stringValue)
        cidrs = texts.compactMap { CIDR($0) }
        ranges = texts.compactMap { AddressRange($0) }
    }

    /// Every ServiceCIDR, by name.
    static func all(_ store: ObjectStore) throws(StoreError) -> [ServiceRange] {
        try store.list(prefix: prefix).items.compactMap { item in
            // best effort: what cannot be read gives no addresses.
            (try? ObjectCoding.decode(item)).map { ServiceRange($0) }
        }
    }

    /// Where services may get addresses, the cluster's own range first. A range that is going gives none any more.
    static func usable(_ all: [ServiceRange], own: AddressRange) -> [AddressRange] {
        let living = all.filter { !$0.object.isBeingDeleted }
        let others = living.filter { $0.object.name != Self.own }.flatMap(\.ranges).filter { $0 != own }
        let isOwnUsable = all.isEmpty || living.contains { $0.object.name == Self.own || $0.ranges.contains(own) }
        return (isOwnUsable ? [own] : []) + others
    }

    func contains(_ address: String) -> Bool { cidrs.contains { $0.contains(address) } }

    /// The object as it should be while it lives.
    func ready(_ now: Timestamp) -> KubeObject {
        var result = object
        if !result.finalizers.contains(Self.finalizer) { result.finalizers.append(Self.finalizer) }
        return Self.condition(result, isReady: true, reason: "", "Kubernetes Service CIDR is ready", now)
    }

    /// The object as it should be while it is wanted gone and its addresses are in use.
    func terminating(_ now: Timestamp) -> KubeObject {
        let message = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR"
        return Self.condition(object, isReady: false, reason: "Terminating", message, now)
    }

    private static func condition(_ object: KubeObject, isReady: Bool, reason: String, _ message: String, _ now: Timestamp) -> KubeObject {
        var conditions = object.array("status", "conditions")
        let place = conditions.firstIndex { $0["type"] == "Ready" }
        let status: JSONValue = isReady ? "True" : "False"
        let since = place.flatMap { conditions[$0]["status"] == status ? conditions[$0]["lastTransitionTime"] : nil }
        let condition: JSONValue = [
            "type": "Ready", "status": status, "reason": .string(reason), "message": .string(message),
            "lastTransitionTime": since ?? .string(now.rfc3339),
        ]
        if let place { conditions[place] = condition } else { conditions.append(condition) }
        var result = object
        result["status", "conditions"] = .array(conditions)
        return result
    }
}

internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore

/// The IPAddress that stands for a service's address: it is named after the address and refers to the service.
/// Source: `pkg/registry/core/service/ipallocator/ipallocator.go`.
enum ServiceAddressObject {
    static let manager = "ipallocator.k8s.io"
    static let managerLabel = "ipaddress.kubernetes.io/managed-by"
    static let prefix = ObjectKey.prefix(group: "networking.k8s.io", resource: "ipaddresses", namespace: nil)

    static func key(_ address: String) -> ObjectKey {
        ObjectKey(group: "networking.k8s.io", resource: "ipaddresses", namespace: nil, name: address)
    }

    /// The address of a service, as text; nil for a service without one.
    static func address(of service: KubeObject) -> String? {
        guard service.string("spec", "type") != "ExternalName", let address = service.string("spec", "clusterIP"), address != "None" else { return nil }
        return address.isEmpty ? nil : address
    }

    /// Without what the store gives it.
    static func object(_ address: String, namespace: String, name: String) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "networking.k8s.io", version: "v1", kind: "IPAddress"), name: address)
        object.labels = ["ipaddress.kubernetes.io/ip-family": address.contains(":") ? "IPv6" : "IPv4", managerLabel: manager]
        object["spec"] = ["parentRef": ["resource": "services", "namespace": .string(namespace), "name": .string(name)]]
        return object
    }

    /// Whether an IPAddress stands for the address of a service.
    static func belongs(_ object: KubeObject, namespace: String, name: String) -> Bool {
        object.string("spec", "parentRef", "resource") == "services" && (object.string("spec", "parentRef", "group") ?? "").isEmpty
            && object.string("spec", "parentRef", "namespace") == namespace && object.string("spec", "parentRef", "name") == name
    }

    /// Whether no IPAddress keeps a service from having an address.
    static func isFree(_ address: String, namespace: String, name: String, _ store: ObjectStore) -> Bool {
        // best effort: a store that cannot be read refuses the write that follows.
        guard let stored = try? store.get(key(address)), let object = try? ObjectCoding.decode(stored) else { return true }
        return belongs(object, namespace: namespace, name: name)
    }

    /// The write that makes an IPAddress; nil when it is there.
    static func creation(_ address: String, namespace: String, name: String, _ store: ObjectStore, now: Timestamp) -> ObjectWrite? {
        // best effort: as above.
        if let stored = try? store.get(key(address)), stored.key.name == address { return nil }
        var object = object(address, namespace: namespace, name: name)
        object.uid = SecureRandom.uuidV4()
        object.creationTimestamp = now
        let (bytes, splice) = ObjectCoding.encode(object)
        return ObjectWrite(key: key(address), bytes: bytes, spliceOffset: splice, precondition: .mustNotExist, writer: "system:apiserver")
    }

    /// The write that removes the IPAddress of a service; nil when there is none, and while somebody else holds it.
    static func removal(_ address: String, namespace: String, name: String, _ store: ObjectStore) -> ObjectWrite? {
        // best effort: what cannot be read now is removed at the next start.
        guard let stored = try? store.get(key(address)), let object = try? ObjectCoding.decode(stored),
            belongs(object, namespace: namespace, name: name), object.finalizers.isEmpty
        else { return nil }
        return ObjectWrite(
            key: stored.key, bytes: nil, spliceOffset: nil, precondition: .revision(stored.revision), writer: "system:apiserver")
    }
}

internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// `kube-system/kube-dns`: how people and charts find cluster DNS, which the node serves at this address itself.
enum DNSServiceObjects {
    static let (namespace, name) = ("kube-system", "kube-dns")
    static let owner = "\(namespace)/\(name)"

    /// Its objects; none without DNS, and none where a user has made a service of this name or at this address before.
    static func all(_ core: ServerCore) -> [(group: String, resource: String, object: KubeObject)] {
        guard let address = core.configuration.dnsAddress, ServiceAddressObject.isFree(address, namespace: namespace, name: name, core.store),
            isOurs(core.store, address)
        else { return [] }
        return [
            ("", "services", service(address)),
            ("networking.k8s.io", "ipaddresses", ServiceAddressObject.object(address, namespace: namespace, name: name)),
            ("", "endpoints", endpoints(address)),
            ("discovery.k8s.io", "endpointslices", slice(address)),
        ]
    }

    /// Whether there is no such service, or the one that was made here.
    private static func isOurs(_ store: ObjectStore, _ address: String) -> Bool {
        let key = ObjectKey(group: "", resource: "services", namespace: namespace, name: name)
        // best effort: a store that cannot be read refuses the write that follows.
        guard let stored = try? store.get(key), let object = try? ObjectCoding.decode(stored) else { return true }
        return object.string("spec", "clusterIP") == address && (object["spec", "selector"]?.objectValue?.isEmpty ?? true)
    }

    private static let ports: [JSONValue] = [
        ["name": "dns", "port": 53, "protocol": "UDP"], ["name": "dns-tcp", "port": 53, "protocol": "TCP"],
    ]

    private static func service(_ address: String) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "", version: "v1", kind: "Service"), name: name, namespace: namespace)
        object.labels = ["k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true"]
        let ports = ports.map { port in
            var port = port
            port["targetPort"] = 53
            return port
        }
        object["spec"] = [
            "type": "ClusterIP", "clusterIP": .string(address), "clusterIPs": [.string(address)], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster", "sessionAffinity": "None", "ports": .array(ports),
        ]
        object["status"] = ["loadBalancer": .object(JSONObject())]
        return object
    }

    private static func endpoints(_ address: String) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "", version: "v1", kind: "Endpoints"), name: name, namespace: namespace)
        object.labels = ["endpointslice.kubernetes.io/skip-mirror": "true"]
        object["subsets"] = [["addresses": [["ip": .string(address)]], "ports": .array(ports)]]
        return object
    }

    private static func slice(_ address: String) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice"), name: name, namespace: namespace)
        object.labels = ["kubernetes.io/service-name": name]
        object["metadata", "generation"] = 1
        object["addressType"] = "IPv4"
        object["endpoints"] = [["addresses": [.string(address)], "conditions": ["ready": true]]]
        object["ports"] = .array(ports)
        return object
    }
}

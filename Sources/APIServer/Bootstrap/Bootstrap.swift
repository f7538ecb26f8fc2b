internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore

/// What every cluster starts with. One atomic write creates whatever is missing; nothing that exists is touched, but for what follows
/// the server, its endpoints and its authority, and roles and bindings, which get back what they lack.
enum Bootstrap {
    static let namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"]

    /// `authority` is the certificate that vouches for clients, in PEM; nil for a server nobody connects to.
    /// Throws ServiceUnavailable or InternalError when the store cannot be written.
    static func run(_ core: ServerCore, authority: String?) async throws(APIStatus) {
        var objects = initial(core) + lasting(core, authority: authority)
        let need = try DefaultStorageClass.need(core)
        if case .none = need {} else { objects += entries("storage.k8s.io", "storageclasses", [DefaultStorageClass.object], core) }
        if case .ofOld(let marking) = need { try await write(objects, core, also: [marking]) } else { try await write(objects, core) }
    }

    /// Puts back what a running cluster cannot do without. Throws as `run` does.
    static func keep(_ core: ServerCore, authority: String?) async throws(APIStatus) {
        try await write(lasting(core, authority: authority), core)
    }

    private static func write(
        _ objects: [(ResourceEndpoint, KubeObject)], _ core: ServerCore, also others: [ObjectWrite] = []
    ) async throws(APIStatus) {
        let services = try APIServiceRegistration.objects(core)
        var writes = try APIServiceRegistration.removals(core, wanted: services) + others
        for (endpoint, object) in objects + entries("apiregistration.k8s.io", "apiservices", services, core) {
            if let write = try write(object, endpoint, core) { writes.append(write) }
        }
        guard !writes.isEmpty else { return }
        let batch = writes
        let result: Result<[StoredObject], StoreError> = await withCheckedContinuation { continuation in
            core.store.submit(batch) { continuation.resume(returning: $0) }
        }
        if case .failure(let error) = result { throw StoreFailure.status(error) }
    }

    private static func entries(
        _ group: String, _ resource: String, _ objects: [KubeObject], _ core: ServerCore
    ) -> [(ResourceEndpoint, KubeObject)] {
        guard let endpoint = core.endpoints[group, "v1", resource] else { return [] }
        return objects.map { (endpoint, $0) }
    }

    /// The write for an object that is missing or, for endpoints, differs.
    private static func write(_ object: KubeObject, _ endpoint: ResourceEndpoint, _ core: ServerCore) throws(APIStatus) -> ObjectWrite? {
        let key = endpoint.key(namespace: object.namespace, name: object.name)
        var object = object
        let stored = try core.reading { () throws(StoreError) in try core.store.get(key) }
        if let stored {
            let current = try ObjectCoding.decode(stored)
            guard let change = followServer(current, object) ?? BootstrapPolicy.reconciled(current, with: object) else { return nil }
            let (bytes, splice) = ObjectCoding.encode(change)
            return ObjectWrite(
                key: key, bytes: bytes, spliceOffset: splice, precondition: .revision(stored.revision), writer: "system:apiserver")
        }
        var metadata = object.metadata
        metadata["uid"] = .string(SecureRandom.uuidV4())
        metadata["creationTimestamp"] = .string(core.time.now().rfc3339)
        object.metadata = metadata
        SchemaDecoder.applyDefaults(&object.value, type: endpoint.descriptor.type)
        let (bytes, splice) = ObjectCoding.encode(object)
        return ObjectWrite(key: key, bytes: bytes, spliceOffset: splice, precondition: .mustNotExist, writer: "system:apiserver")
    }

    /// The stored object with what this start says of the server; nil when nothing differs or the kind says nothing of it.
    private static func followServer(_ current: KubeObject, _ wanted: KubeObject) -> KubeObject? {
        let fields: [String]
        switch wanted.kind {
        case "Endpoints": fields = ["subsets"]
        case "EndpointSlice": fields = ["endpoints", "ports"]
        case "ConfigMap": fields = ["data"]
        case "APIService": fields = ["spec"]
        default: return nil
        }
        var changed = current
        for field in fields { changed.value[field] = wanted.value[field] }
        return changed.value == current.value ? nil : changed
    }

    /// What a cluster has at its start; what becomes of it afterwards is its users' affair.
    private static func initial(_ core: ServerCore) -> [(ResourceEndpoint, KubeObject)] {
        let account = GroupVersionKind(group: "", version: "v1", kind: "ServiceAccount")
        let spaces = namespaces.map { name in
            var namespace = KubeObject(GroupVersionKind(group: "", version: "v1", kind: "Namespace"), name: name)
            namespace.labels = ["kubernetes.io/metadata.name": name]
            if name == "kube-system" { namespace.annotations = [DefaultStorageClass.mark: DefaultStorageClass.name] }
            namespace["spec"] = ["finalizers": ["kubernetes"]]
            namespace["status"] = ["phase": "Active"]
            return namespace
        }
        let accounts = namespaces.map { KubeObject(account, name: "default", namespace: $0) }
        let classes = priorityClasses.map { name, value, text in
            var object = KubeObject(GroupVersionKind(group: "scheduling.k8s.io", version: "v1", kind: "PriorityClass"), name: name)
            object["value"] = .integer(value)
            object["description"] = .string(text)
            object["preemptionPolicy"] = "PreemptLowerPriority"
            return object
        }
        return entries("", "namespaces", spaces, core) + entries("", "serviceaccounts", accounts, core)
            + BootstrapPolicy.entries().flatMap { entries("rbac.authorization.k8s.io", $0.resource, [$0.object], core) }
            + entries("scheduling.k8s.io", "priorityclasses", classes, core)
            + entries("networking.k8s.io", "servicecidrs", [serviceRange(core)], core)
    }

    /// What a running cluster keeps: what others find the server and its rules by.
    static func lasting(_ core: ServerCore, authority: String?) -> [(ResourceEndpoint, KubeObject)] {
        let (address, port) = (core.configuration.serviceAddress, core.configuration.servicePort)
        let own = ServiceAddressObject.object(address, namespace: "default", name: "kubernetes")
        return entries("", "services", [KubernetesService.service(address: address, targetPort: port)], core)
            + entries("networking.k8s.io", "ipaddresses", [own], core)
            + entries("", "endpoints", [KubernetesService.endpoints(address: address, port: port)], core)
            + entries("discovery.k8s.io", "endpointslices", [KubernetesService.slice(address: address, port: port)], core)
            + DNSServiceObjects.all(core).flatMap { entries($0.group, $0.resource, [$0.object], core) }
            + FlowControlBootstrap.objects(at: core.time.now()).flatMap { entries("flowcontrol.apiserver.k8s.io", $0.resource, [$0.object], core) }
            + entries("", "configmaps", authority.map { [authentication($0)] } ?? [], core)
    }

    /// The range of service addresses. Source: `pkg/controlplane/controller/defaultservicecidr`.
    private static func serviceRange(_ core: ServerCore) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "networking.k8s.io", version: "v1", kind: "ServiceCIDR"), name: ServiceRange.own)
        object["metadata", "finalizers"] = [.string(ServiceRange.finalizer)]
        object["spec"] = ["cidrs": [.string(core.configuration.serviceRange.description)]]
        object["status"] = [
            "conditions": [
                [
                    "type": "Ready", "status": "True", "reason": "", "message": "Kubernetes Service CIDR is ready",
                    "lastTransitionTime": .string(core.time.now().rfc3339),
                ]
            ]
        ]
        return object
    }

    /// How servers behind this one know its clients. Source: `pkg/controlplane/controller/clusterauthenticationtrust`.
    private static func authentication(_ authority: String) -> KubeObject {
        var object = KubeObject(
            GroupVersionKind(group: "", version: "v1", kind: "ConfigMap"), name: "extension-apiserver-authentication", namespace: "kube-system")
        object["data"] = ["client-ca-file": .string(authority)]
        return object
    }

    private static let priorityClasses: [(String, Int64, String)] = [
        ("system-cluster-critical", 2_000_000_000, "For pods the cluster cannot do without, on whatever node."),
        ("system-node-critical", 2_000_001_000, "For pods a node cannot do without; they stay on it."),
    ]
}

/// `default/kubernetes`: how pods find the API server.
enum KubernetesService {
    static func service(address: String, targetPort: Int) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "", version: "v1", kind: "Service"), name: "kubernetes", namespace: "default")
        object.labels = ["component": "apiserver", "provider": "kubernetes"]
        object["spec"] = [
            "type": "ClusterIP", "clusterIP": .string(address), "clusterIPs": [.string(address)], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster", "sessionAffinity": "None",
            "ports": [["name": "https", "port": 443, "protocol": "TCP", "targetPort": .integer(Int64(targetPort))]],
        ]
        object["status"] = ["loadBalancer": .object(JSONObject())]
        return object
    }

    static func endpoints(address: String, port: Int) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "", version: "v1", kind: "Endpoints"), name: "kubernetes", namespace: "default")
        object.labels = ["endpointslice.kubernetes.io/skip-mirror": "true"]
        object["subsets"] = [
            [
                "addresses": [["ip": .string(address)]],
                "ports": [["name": "https", "port": .integer(Int64(port)), "protocol": "TCP"]],
            ]
        ]
        return object
    }

    static func slice(address: String, port: Int) -> KubeObject {
        var object = KubeObject(
            GroupVersionKind(group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice"), name: "kubernetes", namespace: "default")
        object.labels = ["kubernetes.io/service-name": "kubernetes"]
        object["metadata", "generation"] = 1
        object["addressType"] = "IPv4"
        object["endpoints"] = [["addresses": [.string(address)], "conditions": ["ready": true]]]
        object["ports"] = [["name": "https", "port": .integer(Int64(port)), "protocol": "TCP"]]
        return object
    }
}

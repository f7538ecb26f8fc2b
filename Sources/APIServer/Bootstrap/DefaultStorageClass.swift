internal import APIMachinery
internal import JSONCore
internal import KubeSchemas
internal import ObjectStore

/// The class of claims that name none. A cluster gets it once: what becomes of it, deletion too, is its users' affair. That it was there
/// says an annotation of the namespace kube-system, which lasts as long as the cluster.
enum DefaultStorageClass {
    static let name = "standard"
    static let mark = "kdash.dev/default-storage-class"

    static let object: KubeObject = {
        var object = KubeObject(StorageClass.kind, name: name)
        object.annotations = ["storageclass.kubernetes.io/is-default-class": "true"]
        object["provisioner"] = .string(StorageClass.localProvisioner)
        object["reclaimPolicy"] = "Delete"
        object["volumeBindingMode"] = "WaitForFirstConsumer"
        object["allowVolumeExpansion"] = true
        return object
    }()

    /// Whether a cluster is to get it.
    enum Need {
        /// It had it.
        case none
        /// It is new, and marked when it is made.
        case ofNew
        /// It was made before there was the class, and is marked by this write.
        case ofOld(ObjectWrite)
    }

    static func need(_ core: ServerCore) throws(APIStatus) -> Need {
        guard let endpoint = core.endpoints["", "v1", "namespaces"] else { return .none }
        let key = endpoint.key(namespace: nil, name: "kube-system")
        guard let stored = try core.reading({ () throws(StoreError) in try core.store.get(key) }) else { return .ofNew }
        var current = try ObjectCoding.decode(stored)
        guard current.annotations[mark] == nil else { return .none }
        current.annotations[mark] = name
        let (bytes, splice) = ObjectCoding.encode(current)
        return .ofOld(
            ObjectWrite(key: key, bytes: bytes, spliceOffset: splice, precondition: .revision(stored.revision), writer: "system:apiserver"))
    }
}

internal import APIMachinery
internal import KubeClient
internal import ObjectStore

extension ServerCore {
    /// An object as it is now, not kept; nil when there is none.
    func object(group: String = "", _ resource: String, namespace: String?, name: String) throws(APIStatus) -> KubeObject? {
        let key = ObjectKey(group: group, resource: resource, namespace: namespace, name: name)
        guard let stored = try reading({ () throws(StoreError) in try store.get(key) }) else { return nil }
        return try ObjectCoding.decode(stored)
    }

    /// Every object of a resource as it is now, of one namespace when it is given.
    func objects(group: String = "", _ resource: String, namespace: String? = nil) throws(APIStatus) -> [KubeObject] {
        let prefix = ObjectKey.prefix(group: group, resource: resource, namespace: namespace)
        let listing = try reading { () throws(StoreError) in try store.list(prefix: prefix) }
        var objects: [KubeObject] = []
        for item in listing.items { objects.append(try ObjectCoding.decode(item)) }
        return objects
    }
}

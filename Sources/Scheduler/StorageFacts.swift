import APIMachinery
package import KubeClient
package import KubeSchemas

/// What is known of claims, volumes and their classes.
package protocol StorageFacts: Sendable {
    /// A claim; nil when there is none.
    func claim(namespace: String, name: String) -> PersistentVolumeClaim?
    /// A volume; nil when there is none.
    func volume(_ name: String) -> PersistentVolume?
    /// All volumes.
    var volumes: [PersistentVolume] { get }
    /// A class; nil when there is none.
    func storageClass(_ name: String) -> StorageClass?
}

/// Facts that do not change.
package struct FixedStorage: StorageFacts {
    private let claims: [String: PersistentVolumeClaim]
    private let volumesByName: [String: PersistentVolume]
    private let classes: [String: StorageClass]

    /// Facts from what there is.
    package init(claims: [PersistentVolumeClaim] = [], volumes: [PersistentVolume] = [], classes: [StorageClass] = []) {
        self.claims = Dictionary(claims.map { ("\($0.namespace ?? "")/\($0.name)", $0) }) { $1 }
        volumesByName = Dictionary(volumes.map { ($0.name, $0) }) { $1 }
        self.classes = Dictionary(classes.map { ($0.name, $0) }) { $1 }
    }

    package func claim(namespace: String, name: String) -> PersistentVolumeClaim? { claims["\(namespace)/\(name)"] }
    package func volume(_ name: String) -> PersistentVolume? { volumesByName[name] }
    package var volumes: [PersistentVolume] { Array(volumesByName.values) }
    package func storageClass(_ name: String) -> StorageClass? { classes[name] }
}

/// Facts as shared informers have them.
package struct InformerStorage: StorageFacts {
    let claims: Informer
    let volumeInformer: Informer
    let classes: Informer

    /// Facts from the informers of a cluster.
    package init(_ informers: SharedInformers) {
        claims = informers.informer(PersistentVolumeClaim.resource)
        volumeInformer = informers.informer(PersistentVolume.resource)
        classes = informers.informer(StorageClass.resource)
    }

    package func claim(namespace: String, name: String) -> PersistentVolumeClaim? {
        claims.get(namespace: namespace, name: name).map { PersistentVolumeClaim($0) }
    }

    package func volume(_ name: String) -> PersistentVolume? { volumeInformer.get(namespace: nil, name: name).map { PersistentVolume($0) } }

    package var volumes: [PersistentVolume] { volumeInformer.all().map { PersistentVolume($0) } }

    package func storageClass(_ name: String) -> StorageClass? { classes.get(namespace: nil, name: name).map { StorageClass($0) } }

    /// Returns once all are known.
    func waitUntilSynced() async {
        for informer in [claims, volumeInformer, classes] { await informer.waitUntilSynced() }
    }
}

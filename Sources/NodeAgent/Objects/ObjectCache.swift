import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization

/// Follows exactly the ConfigMaps and Secrets that the node's pods use, each by a watch of its own that ends with its last user.
///
/// ## Concurrency model
/// `watches` is the only shared state. `run` owns one task per followed object.
final class ObjectCache: Sendable {
    /// One object.
    struct Key: Sendable, Hashable {
        let resource: GroupVersionResource
        let namespace: String
        let name: String

        static func configMap(_ namespace: String, _ name: String) -> Key { Key(resource: ConfigMap.resource, namespace: namespace, name: name) }
        static func secret(_ namespace: String, _ name: String) -> Key { Key(resource: Secret.resource, namespace: namespace, name: name) }
    }

    private final class Watch: Sendable {
        let informer: Informer
        private let ended: AsyncStream<Void>
        private let end: AsyncStream<Void>.Continuation

        init(_ informer: Informer) {
            self.informer = informer
            (ended, end) = AsyncStream.makeStream()
        }

        func stop() { end.finish() }

        func run() async {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.informer.run() }
                for await _ in ended {}
                group.cancelAll()
            }
        }
    }

    private struct State {
        var watches: [Key: Watch] = [:]
        var users: [Key: [String: @Sendable () -> Void]] = [:]
        var keys: [String: Set<Key>] = [:]
    }

    private let client: KubeClient
    private let time: any TimeSource
    private let state = Mutex(State())
    private let started: AsyncStream<Watch>
    private let start: AsyncStream<Watch>.Continuation

    init(client: KubeClient, time: any TimeSource) {
        self.client = client
        self.time = time
        (started, start) = AsyncStream.makeStream()
    }

    /// Follows until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await watch in started { group.addTask { await watch.run() } }
            group.cancelAll()
        }
    }

    /// Makes `keys` the objects that `user` is told about; an empty set ends it. `changed` must not block.
    func follow(_ keys: Set<Key>, user: String, changed: @escaping @Sendable () -> Void) {
        let (new, old) = state.withLock { state -> ([Watch], [Watch]) in
            let before = state.keys[user] ?? []
            guard before != keys else { return ([], []) }
            state.keys[user] = keys.isEmpty ? nil : keys
            var new: [Watch] = []
            var old: [Watch] = []
            for key in keys.subtracting(before) {
                state.users[key, default: [:]][user] = changed
                guard state.watches[key] == nil else { continue }
                let watch = makeWatch(key)
                state.watches[key] = watch
                new.append(watch)
            }
            for key in before.subtracting(keys) {
                state.users[key]?[user] = nil
                guard state.users[key]?.isEmpty == true else { continue }
                state.users[key] = nil
                if let watch = state.watches.removeValue(forKey: key) { old.append(watch) }
            }
            return (new, old)
        }
        for watch in new { start.yield(watch) }
        for watch in old { watch.stop() }
    }

    private func makeWatch(_ key: Key) -> Watch {
        let informer = Informer(
            client: client, resource: key.resource, namespace: key.namespace,
            fields: FieldSelector(requirements: [.init(field: "metadata.name", value: key.name)]), time: time)
        informer.addHandler { [weak self] _ in self?.tellUsers(of: key) }
        return Watch(informer)
    }

    private func tellUsers(of key: Key) {
        let users = state.withLock { Array(($0.users[key] ?? [:]).values) }
        for changed in users { changed() }
    }

    /// The object; nil when there is none. `isFresh` asks the API server, otherwise a followed object comes from memory.
    func object(_ key: Key, isFresh: Bool = false) async throws(APIStatus) -> KubeObject? {
        if !isFresh, let watch = state.withLock({ $0.watches[key] }), watch.informer.hasSynced {
            return watch.informer.get(namespace: key.namespace, name: key.name)
        }
        do throws(APIStatus) {
            return try await client.get(key.resource, namespace: key.namespace, name: key.name)
        } catch  where error.code == 404 {
            return nil
        }
    }

    /// How many objects are followed.
    var count: Int { state.withLock { $0.watches.count } }
}

extension Pod {
    /// The ConfigMaps and Secrets that the pod's volumes and environments name.
    var referencedObjects: Set<ObjectCache.Key> {
        let namespace = self.namespace ?? "default"
        var keys: Set<ObjectCache.Key> = []
        func add(configMap: String?, secret: String?) {
            if let configMap, !configMap.isEmpty { keys.insert(.configMap(namespace, configMap)) }
            if let secret, !secret.isEmpty { keys.insert(.secret(namespace, secret)) }
        }
        for volume in spec.volumes {
            add(configMap: volume.configMap?.objectName, secret: volume.secret?.objectName)
            for source in volume.projected?.sources ?? [] { add(configMap: source.configMap?.objectName, secret: source.secret?.objectName) }
        }
        for container in allContainers {
            for source in container.envFrom { add(configMap: source.configMapRef?.name, secret: source.secretRef?.name) }
            for variable in container.env {
                add(configMap: variable.source?.configMapKeyRef?.name, secret: variable.source?.secretKeyRef?.name)
            }
        }
        return keys
    }
}

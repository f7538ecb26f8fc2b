internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import KubeSchemas
internal import LinuxKernel
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ObjectStore

/// What every verb works with. Immutable; its parts guard their own state.
final class ServerCore: Sendable {
    let configuration: APIServerConfiguration
    let store: ObjectStore
    let registry: SchemaRegistry
    let endpoints: EndpointTable
    /// The kinds that came to be at run time.
    let customs: CustomKinds
    let time: any TimeSource
    let nodes: NodeDirectory
    let logger: Logger
    let namespaces: NamespaceCache
    let authorizer: RBACAuthorizer
    let addresses: ServiceAddressPool
    let nodePorts: NodePortPool
    let bookmarks: BookmarkClock
    let group: MultiThreadedEventLoopGroup
    let eventSweep = EventSweep()
    let tasks = TaskRoot()
    let admission: AdmissionChain
    let lookup: ObjectLookup
    let metrics = RequestMetrics()
    let traffic = TrafficMetrics()
    let freed: FreedMemory
    let health = HealthChecks()
    let usage = UsageMeter()
    /// Nil when nothing is audited.
    let audit: AuditLog?
    let tokens: ServiceAccountTokens

    init(configuration: APIServerConfiguration, store: ObjectStore, nodes: NodeDirectory, group: MultiThreadedEventLoopGroup) {
        self.configuration = configuration
        self.store = store
        self.nodes = nodes
        self.group = group
        freed = FreedMemory(group: group)
        registry = configuration.schemas
        endpoints = EndpointTable(configuration.schemas)
        time = configuration.time
        customs = CustomKinds(store: store, registry: configuration.schemas, time: configuration.time)
        logger = configuration.logger
        namespaces = NamespaceCache(store: store)
        authorizer = RBACAuthorizer(store: store)
        var reserved = [configuration.serviceAddress: "default/kubernetes"]
        if let dns = configuration.dnsAddress { reserved[dns] = DNSServiceObjects.owner }
        addresses = ServiceAddressPool(range: configuration.serviceRange, reserved: reserved, store: store)
        admission = AdmissionChain(steps: AdmissionTable.steps(configuration), quota: QuotaLedger(store: store))
        let lookup = ObjectLookup(store: store)
        audit = configuration.auditLog.map { AuditLog(path: $0, logger: configuration.logger) }
        self.lookup = lookup
        nodePorts = NodePortPool(store: store, lookup: lookup, time: configuration.time)
        tokens = ServiceAccountTokens(directory: configuration.pkiDirectory, time: configuration.time, lookup: lookup)
        bookmarks = BookmarkClock(interval: configuration.bookmarkInterval, group: group)
    }

    /// What serves a path: a built-in kind, or one that a CustomResourceDefinition describes; nil when nothing does.
    func endpoint(_ path: ResourcePath) throws(APIStatus) -> ResourceEndpoint? {
        if let endpoint = endpoints[path.group, path.version, path.resource] { return endpoint }
        return path.group.isEmpty ? nil : try customs.current().endpoint(path.group, path.version, path.resource)
    }

    /// Runs work on a thread that may take milliseconds and is not a committer.
    func later(_ work: @escaping @Sendable () -> Void) { group.any().execute(work) }

    /// The object's current version, with expired ones counted as absent. Throws InternalError when the store fails.
    func current(_ key: ObjectKey, _ endpoint: ResourceEndpoint) throws(APIStatus) -> StoredObject? {
        let stored = try reading { () throws(StoreError) in try store.get(key) }
        guard let stored, endpoint.strategy.expires, endpoint.strategy.isExpired(stored, now: time.now()) else { return stored }
        return nil
    }

    /// Calls the store and renders its error as a Status.
    func reading<Value>(_ body: () throws(StoreError) -> Value) throws(APIStatus) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw StoreFailure.status(error)
        }
    }
}

/// Store errors as clients see them.
enum StoreFailure {
    /// The Status of a failure that no precondition explains.
    static func status(_ error: StoreError) -> APIStatus {
        switch error {
        case .diskFull, .closed, .readOnly: .serviceUnavailable("\(error)")
        case .compacted(let oldest): .expired("The resourceVersion for the provided request is too old; the oldest kept is \(oldest).")
        case .futureRevision(let current): .futureResourceVersion(current + 1, current: current)
        default: .internalError("\(error)")
        }
    }
}

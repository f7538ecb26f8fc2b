import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import NodeAgent
import PodNetwork
import Synchronization

/// Makes services and host ports reachable in the node: follows Services, EndpointSlices and pods, and keeps rules and names as they say.
final class ServiceNetwork: Sendable {
    /// A service or pod by namespace and name.
    struct Name: Hashable, Sendable, Comparable {
        let namespace: String
        let name: String
        static func < (left: Name, right: Name) -> Bool { (left.namespace, left.name) < (right.namespace, right.name) }
    }

    private struct Waiting {
        var services: Set<Name> = []
        var pods: Set<Name> = []
        var namespacesChanged = true
    }

    /// What is wanted now, by whose it is.
    private struct Known {
        var services: [Name: [PodNetwork.ServicePort]] = [:]
        var pods: [Name: [PodNetwork.ServicePort]] = [:]
    }

    private let routing: ServiceRouting
    private let hostPorts: HostPortRouting
    private let rules: ServiceRules
    private let zone: DNSZone
    private let services: Informer
    private let slices: Informer
    private let namespaces: Informer
    private let pods: Informer
    private let time: any TimeSource
    private let logger: Logger
    private let waiting = Mutex(Waiting())
    private let signal: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    private static let index = "service-network"
    /// How long changes gather after the first one was carried out: a rollout changes slices many times a second.
    private static let pause: Duration = .milliseconds(50)

    init(
        routing: ServiceRouting, hostPorts: HostPortRouting, rules: ServiceRules, zone: DNSZone, informers: SharedInformers, time: any TimeSource,
        logger: Logger
    ) {
        self.routing = routing
        self.hostPorts = hostPorts
        self.rules = rules
        self.zone = zone
        services = informers.informer(Service.resource)
        slices = informers.informer(EndpointSlice.resource)
        namespaces = informers.informer(Namespace.resource)
        pods = informers.informer(Pod.resource)
        self.time = time
        self.logger = logger
        signal = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Works until cancelled. Nothing is changed before everything is known, so that what an earlier daemon left works on meanwhile.
    func run() async {
        slices.addIndex(Self.index) { slice in
            slice.labels[EndpointSlice.serviceNameLabel].map { ["\(slice.namespace ?? "")/\($0)"] } ?? []
        }
        services.addHandler { [weak self] in self?.note($0, Self.name(ofService:)) }
        slices.addHandler { [weak self] in self?.note($0, Self.name(ofSlice:)) }
        namespaces.addHandler { [weak self] in
            if case .updated = $0 { return }
            self?.wake { $0.namespacesChanged = true }
        }
        pods.addHandler { [weak self] in self?.notePod($0) }
        for informer in [services, slices, namespaces, pods] { await informer.waitUntilSynced() }
        var known = Known()
        var backoff = Backoff(first: .milliseconds(200), maximum: .seconds(10))
        for await _ in signal.stream {
            let changes = waiting.withLock { waiting in
                defer { waiting = Waiting(namespacesChanged: false) }
                return waiting
            }
            if changes.namespacesChanged { zone.setNamespaces(Set(namespaces.all().map(\.name))) }
            for name in changes.services { update(name, &known.services) }
            for name in changes.pods {
                let ports = pods.get(namespace: name.namespace, name: name.name).map { hostPorts.ports(of: Pod($0)) } ?? []
                known.pods[name] = ports.isEmpty ? nil : ports
            }
            let isDone = await apply(known)
            if isDone { backoff.reset() } else { signal.continuation.yield() }
            do {
                try await time.sleep(for: isDone ? Self.pause : backoff.next())
            } catch {
                return
            }
        }
    }

    /// Says the service of an object that changed; both of them when it went from one to another.
    private func note(_ event: InformerEvent, _ name: (KubeObject) -> Name?) {
        var names = [name(event.object)]
        if case .updated(let old, _) = event { names.append(name(old)) }
        wake { $0.services.formUnion(names.compactMap { $0 }) }
    }

    /// Most pods have no host ports, and of those that have most changes concern something else.
    private func notePod(_ event: InformerEvent) {
        let now = hostPorts.ports(of: Pod(event.object))
        switch event {
        case .added: if now.isEmpty { return }
        case .updated(let old, _): if hostPorts.ports(of: Pod(old)) == now { return }
        case .deleted: if now.isEmpty { return }
        }
        wake { $0.pods.insert(Name(namespace: event.object.namespace ?? "", name: event.object.name)) }
    }

    private func wake(_ change: (inout Waiting) -> Void) {
        waiting.withLock { change(&$0) }
        signal.continuation.yield()
    }

    private static func name(ofService object: KubeObject) -> Name? { Name(namespace: object.namespace ?? "", name: object.name) }

    private static func name(ofSlice object: KubeObject) -> Name? {
        object.labels[EndpointSlice.serviceNameLabel].map { Name(namespace: object.namespace ?? "", name: $0) }
    }

    private func update(_ name: Name, _ known: inout [Name: [PodNetwork.ServicePort]]) {
        guard let object = services.get(namespace: name.namespace, name: name.name) else {
            known[name] = nil
            zone.set(nil, namespace: name.namespace, name: name.name)
            return
        }
        let service = Service(object)
        let parts = slices.byIndex(Self.index, "\(name.namespace)/\(name.name)").map { EndpointSlice($0) }
        let ports = routing.ports(of: service, parts)
        known[name] = ports.isEmpty ? nil : ports
        zone.set(routing.names(of: service, parts), namespace: name.namespace, name: name.name)
    }

    /// Where two services want the same address and port, the first by name has it, and any service before a pod. False when the kernel refused.
    private func apply(_ known: Known) async -> Bool {
        var taken: Set<PodNetwork.ServicePort.Key> = []
        let all = [known.services, known.pods].flatMap { $0.sorted { $0.key < $1.key }.flatMap(\.value) }
        let wanted = all.filter { taken.insert($0.key).inserted }
        let rules = rules
        do throws(PodNetworkError) {
            try await KernelThread.run("kdash-services") { () throws(PodNetworkError) in try rules.apply(wanted) }
            return true
        } catch {
            logger.error("the rules of services cannot be updated; trying again", metadata: ["error": "\(error)"])
            return false
        }
    }
}

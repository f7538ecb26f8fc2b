internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import ObjectStore
internal import Synchronization

/// What is served at one moment besides the built-in kinds. Immutable: a request takes it once and keeps it.
final class ServedKinds: Sendable {
    /// Every kind, built-in ones included, for discovery and documents.
    let registry: SchemaRegistry
    /// The definitions behind it, by name.
    let definitions: [String: CustomDefinition]
    /// What was decided about each definition.
    let verdicts: [String: DefinitionNaming.Verdict]
    /// What creates pass, by the definition's name.
    fileprivate let gates: [String: CreationGate]
    private let endpoints: [String: [String: CustomEndpoint]]
    private let byResource: [GroupVersionResource: CustomEndpoint]

    fileprivate init(
        base: SchemaRegistry, definitions: [String: CustomDefinition], verdicts: [String: DefinitionNaming.Verdict],
        gates: [String: CreationGate], endpoints: [String: [String: CustomEndpoint]]
    ) {
        self.gates = gates
        self.definitions = definitions
        self.verdicts = verdicts
        self.endpoints = endpoints
        var byResource: [GroupVersionResource: CustomEndpoint] = [:]
        var descriptors: [ResourceDescriptor] = []
        for (name, definition) in definitions.sorted(by: { $0.key < $1.key }) where verdicts[name]?.isEstablished == true {
            for version in definition.versions where version.isServed {
                guard let endpoint = endpoints[name]?[version.name], base.resource(endpoint.descriptor.gvr) == nil else { continue }
                byResource[endpoint.descriptor.gvr] = endpoint
                descriptors.append(endpoint.descriptor)
            }
        }
        self.byResource = byResource
        registry = descriptors.isEmpty ? base : SchemaRegistry(base, adding: descriptors)
    }

    /// The served custom resource of a path; nil when there is none.
    func endpoint(_ group: String, _ version: String, _ resource: String) -> ResourceEndpoint? {
        byResource[GroupVersionResource(group: group, version: version, resource: resource)]?.endpoint
    }

    /// The endpoint of a definition's storage version, served or not.
    func storageEndpoint(_ definition: CustomDefinition) -> ResourceEndpoint? {
        definition.storage.flatMap { endpoints[definition.name]?[$0.name]?.endpoint }
    }

    fileprivate func endpoints(of name: String) -> [String: CustomEndpoint]? { endpoints[name] }

    /// Every endpoint, for what must happen when they are replaced.
    fileprivate var all: [CustomEndpoint] { endpoints.values.flatMap(\.values) }
}

/// Follows the CustomResourceDefinitions in the store without a thread: whoever asks for a kind first takes over what has changed
/// since, so that a kind is served as soon as the write that defines it is answered.
final class CustomKinds: Sendable {
    private struct State {
        var watch: StoreWatch?
        var definitions: [String: CustomDefinition] = [:]
        var kinds: ServedKinds
    }

    static let prefix = ObjectKey.prefix(group: "apiextensions.k8s.io", resource: "customresourcedefinitions", namespace: nil)

    private let store: ObjectStore
    private let registry: SchemaRegistry
    private let time: any TimeSource
    private let state: Mutex<State>

    init(store: ObjectStore, registry: SchemaRegistry, time: any TimeSource) {
        self.store = store
        self.registry = registry
        self.time = time
        state = Mutex(State(kinds: ServedKinds(base: registry, definitions: [:], verdicts: [:], gates: [:], endpoints: [:])))
    }

    /// What is served now. Throws ServiceUnavailable or InternalError when the store cannot be read.
    func current() throws(APIStatus) -> ServedKinds {
        let result: Result<(ServedKinds, [CustomEndpoint]), APIStatus> = state.withLock { state in
            do throws(APIStatus) {
                guard try catchUp(&state) else { return .success((state.kinds, [])) }
                let before = state.kinds
                state.kinds = make(state.definitions, reusing: before)
                let kept = Set(state.kinds.all.map(ObjectIdentifier.init))
                return .success((state.kinds, before.all.filter { !kept.contains(ObjectIdentifier($0)) }))
            } catch {
                return .failure(error)
            }
        }
        let (kinds, replaced) = try result.get()
        // Outside the lock: watches that end may ask what is served.
        for endpoint in replaced { endpoint.lifetime.end() }
        return kinds
    }

    /// Whether anything changed.
    private func catchUp(_ state: inout State) throws(APIStatus) -> Bool {
        guard let watch = state.watch else { return try rebuild(&state) }
        var hasChanged = false
        while true {
            switch watch.poll(max: 64) {
            case .events(let events):
                for event in events {
                    let object = try ObjectCoding.decode(event.object)
                    state.definitions[object.name] = event.kind == .deleted ? nil : CustomDefinition(object)
                    hasChanged = true
                }
            case .none: return hasChanged
            case .compacted, .failed: return try rebuild(&state)
            }
        }
    }

    private func rebuild(_ state: inout State) throws(APIStatus) -> Bool {
        let watch: StoreWatch
        var definitions: [String: CustomDefinition] = [:]
        do throws(StoreError) {
            let listing = try store.list(prefix: Self.prefix)
            watch = try store.watch(prefix: Self.prefix, from: listing.revision)
            for item in listing.items {
                // best effort: a definition that cannot be read defines nothing.
                if let object = try? ObjectCoding.decode(item) { definitions[object.name] = CustomDefinition(object) }
            }
        } catch {
            throw StoreFailure.status(error)
        }
        state.watch?.cancel()
        state.watch = watch
        state.definitions = definitions
        return true
    }

    /// Decides names from the oldest definition on, and makes what is served; endpoints that would be the same are kept.
    private func make(_ definitions: [String: CustomDefinition], reusing before: ServedKinds) -> ServedKinds {
        let now = time.now()
        let order = definitions.values.sorted { ($0.created, $0.name) < ($1.created, $1.name) }
        var verdicts: [String: DefinitionNaming.Verdict] = [:]
        var endpoints: [String: [String: CustomEndpoint]] = [:]
        let gates = gates(definitions, reusing: before)
        var names = GroupNames(registry: registry)
        for definition in order where !definition.accepted.plural.isEmpty { names.add(definition.accepted, of: definition) }
        for definition in order {
            let (resources, kinds) = names.others(than: definition)
            let verdict = DefinitionNaming.judge(definition, resources: resources, kinds: kinds, now: now)
            verdicts[definition.name] = verdict
            names.add(verdict.accepted, of: definition)
            if let old = before.definitions[definition.name], let known = before.endpoints(of: definition.name),
                old.definesSame(as: definition), before.verdicts[definition.name]?.accepted == verdict.accepted
            {
                endpoints[definition.name] = known
            } else {
                guard let gate = gates[definition.name] else { preconditionFailure("every definition has a gate; \(definition.name) has none") }
                endpoints[definition.name] = CustomEndpoint.all(definition, verdict.accepted, gate, registry: registry)
            }
        }
        return ServedKinds(base: registry, definitions: definitions, verdicts: verdicts, gates: gates, endpoints: endpoints)
    }

    /// A gate for every definition, kept while it is the same one; closed for those that are going or gone.
    private func gates(_ definitions: [String: CustomDefinition], reusing before: ServedKinds) -> [String: CreationGate] {
        var gates: [String: CreationGate] = [:]
        for (name, definition) in definitions {
            let isSame = before.definitions[name]?.uid == definition.uid
            let gate = (isSame ? before.gates[name] : nil) ?? CreationGate()
            if definition.isBeingDeleted { gate.close() }
            gates[name] = gate
        }
        for (name, gate) in before.gates where gates[name] !== gate { gate.close() }
        return gates
    }
}

/// The names in use in each group, and by whom.
private struct GroupNames {
    private let registry: SchemaRegistry
    private var byGroup: [String: [String: CustomNames]] = [:]

    init(registry: SchemaRegistry) { self.registry = registry }

    mutating func add(_ names: CustomNames, of definition: CustomDefinition) { byGroup[definition.group, default: [:]][definition.name] = names }

    /// What everybody else in the group has, built-in kinds first.
    func others(than definition: CustomDefinition) -> (resources: Set<String>, kinds: Set<String>) {
        var resources: Set<String> = []
        var kinds: Set<String> = []
        for resource in registry.resources where resource.group == definition.group {
            resources.formUnion([resource.plural, resource.singular] + resource.shortNames)
            kinds.formUnion([resource.kind, resource.listKind.kind])
        }
        for (name, names) in byGroup[definition.group] ?? [:] where name != definition.name {
            resources.formUnion(names.resources)
            kinds.formUnion(names.kinds)
        }
        return (resources, kinds)
    }
}

internal import APIMachinery
internal import JSONCore
internal import KubeSchemas
internal import ObjectStore
internal import Synchronization

/// Keeps namespaces within their ResourceQuotas. What exists is read from the store's own events when a request asks, what is being
/// written is held in reserve, so that parallel requests cannot overrun a quota together and a deletion frees its share at once.
/// Source: apiserver `plugin/resourcequota`.
final class QuotaLedger: Sendable {
    /// What a write that is under way takes.
    struct Hold: Sendable {
        fileprivate let ledger: QuotaLedger
        fileprivate let id: UInt64

        /// Ends the reservation: what was written is counted from the store from now on, what failed not at all.
        func end() { ledger.end(id) }
    }

    private struct Reservation {
        var key: ObjectKey
        var usage: QuotaUsage
    }

    /// The objects of one resource in one namespace.
    private struct Tracker {
        var watch: StoreWatch
        var objects: [ObjectKey: QuotaUsage] = [:]
        var totals: [QuotaFacts: [String: Quantity]] = [:]

        mutating func set(_ key: ObjectKey, _ usage: QuotaUsage?) {
            if let before = objects.removeValue(forKey: key) { add(before, sign: -1) }
            guard let usage else { return }
            objects[key] = usage
            add(usage, sign: 1)
        }

        private mutating func add(_ usage: QuotaUsage, sign: Int) {
            for (name, amount) in usage.amounts {
                let before = totals[usage.facts, default: [:]][name] ?? .zero
                totals[usage.facts, default: [:]][name] = sign > 0 ? before + amount : before - amount
            }
        }
    }

    private struct State {
        var watch: StoreWatch?
        var quotas: [String: [String: QuotaLimits]] = [:]
        var trackers: [String: Tracker] = [:]
        var reservations: [UInt64: Reservation] = [:]
        var next: UInt64 = 0
    }

    private let store: ObjectStore
    private let state = Mutex(State())
    private static let prefix = ObjectKey.prefix(group: "", resource: "resourcequotas", namespace: nil)

    init(store: ObjectStore) { self.store = store }

    /// Takes what a write needs, or throws Forbidden in Kubernetes' words. Nil when no quota is concerned.
    func reserve(_ object: KubeObject, old: KubeObject?, _ context: WriteContext) throws(APIStatus) -> Hold? {
        let descriptor = context.endpoint.descriptor
        guard descriptor.isNamespaced, let namespace = object.namespace, Self.counts(descriptor, old, context.subresource) else { return nil }
        let result: Result<Hold?, APIStatus> = state.withLock { state in
            do throws(APIStatus) {
                try followQuotas(&state)
                guard let quotas = state.quotas[namespace], !quotas.isEmpty else { return .success(nil) }
                return .success(try reserve(object, old, namespace, Array(quotas.values), context, &state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Which writes change what is used: every create, and updates of what can grow.
    private static func counts(_ descriptor: ResourceDescriptor, _ old: KubeObject?, _ subresource: String?) -> Bool {
        guard old != nil else { return true }
        guard descriptor.group.isEmpty else { return false }
        return switch descriptor.plural {
        case "services", "persistentvolumeclaims": subresource == nil
        case "pods": subresource == "resize"
        default: false
        }
    }

    private func reserve(
        _ object: KubeObject, _ old: KubeObject?, _ namespace: String, _ quotas: [QuotaLimits], _ context: WriteContext,
        _ state: inout State
    ) throws(APIStatus) -> Hold? {
        let descriptor = context.endpoint.descriptor
        let (group, resource) = (descriptor.group, descriptor.plural)
        let usage = QuotaUsage(object, group: group, resource: resource)
        let before = old.map { QuotaUsage($0, group: group, resource: resource) }
        let concerned = quotas.filter { $0.counts(usage.facts) && !$0.names(group: group, resource: resource).isEmpty }
        guard !concerned.isEmpty else { return nil }
        let key = context.endpoint.key(namespace: namespace, name: object.name)
        let prefix = context.endpoint.prefix(namespace: namespace)
        try follow(prefix, group: group, resource: resource, &state)
        for quota in concerned.sorted(by: { $0.name < $1.name }) {
            let names = quota.names(group: group, resource: resource)
            if resource == "pods", group.isEmpty { try Self.requireAmounts(object, quota, names, context) }
            // A change may also bring the object among those that the quota counts.
            let known = before.flatMap { quota.counts($0.facts) ? $0 : nil }
            let requested = Self.growth(usage, over: known).filter { names.contains($0.key) }
            guard !requested.isEmpty else { continue }
            let used = used(quota, prefix, names, state)
            let exceeded = requested.filter { name, amount in (used[name] ?? .zero) + amount > (quota.hard[name] ?? .zero) }
            guard exceeded.isEmpty else {
                func text(_ amounts: [String: Quantity]) -> String {
                    exceeded.keys.sorted().map { "\($0)=\((amounts[$0] ?? .zero).canonical)" }.joined(separator: ",")
                }
                throw .forbidden(
                    descriptor.groupResource, object.name,
                    "exceeded quota: \(quota.name), requested: \(text(requested)), used: \(text(used)), limited: \(text(quota.hard))")
            }
        }
        guard !context.isDryRun else { return nil }
        let id = state.next
        state.next &+= 1
        var held = usage
        if before?.facts == usage.facts { held.amounts = Self.growth(usage, over: before) }
        state.reservations[id] = Reservation(key: key, usage: held)
        return Hold(ledger: self, id: id)
    }

    /// What an object takes more than before.
    private static func growth(_ usage: QuotaUsage, over before: QuotaUsage?) -> [String: Quantity] {
        var amounts = usage.amounts
        for (name, amount) in before?.amounts ?? [:] { amounts[name] = (amounts[name] ?? .zero) - amount }
        return amounts.filter { !$0.value.isZero && !$0.value.isNegative }
    }

    /// What every container must say when a quota limits it; all other resources may be left out.
    private static let required: Set<String> = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]

    /// Throws unless every container says what a quota on compute resources must know. Source: `evaluator/core/pods.go` Constraints.
    private static func requireAmounts(
        _ pod: KubeObject, _ quota: QuotaLimits, _ names: Set<String>, _ context: WriteContext
    ) throws(APIStatus) {
        let needed = names.intersection(required)
        guard !needed.isEmpty, pod["spec", "resources"]?.objectValue?.isEmpty ?? true else { return }
        var missing: [String: [String]] = [:]
        for container in pod.array("spec", "containers") + pod.array("spec", "initContainers") {
            for name in needed {
                let isLimit = name.hasPrefix("limits.")
                let resource = isLimit ? String(name.dropFirst(7)) : name.hasPrefix("requests.") ? String(name.dropFirst(9)) : name
                if container["resources", isLimit ? "limits" : "requests", resource] == nil {
                    missing[name, default: []].append(container["name"]?.stringValue ?? "")
                }
            }
        }
        guard !missing.isEmpty else { return }
        let text = missing.sorted { $0.key < $1.key }.map { "\($0.key) for: \(Set($0.value).sorted().joined(separator: ","))" }
        throw .forbidden(
            context.endpoint.descriptor.groupResource, pod.name,
            "failed quota: \(quota.name): must specify \(text.joined(separator: "; "))")
    }

    private func used(_ quota: QuotaLimits, _ prefix: String, _ names: Set<String>, _ state: State) -> [String: Quantity] {
        var sum: [String: Quantity] = [:]
        func add(_ amounts: [String: Quantity]) {
            for name in names {
                if let amount = amounts[name] { sum[name] = sum[name].map { $0 + amount } ?? amount }
            }
        }
        for (facts, amounts) in state.trackers[prefix]?.totals ?? [:] where quota.counts(facts) { add(amounts) }
        for held in state.reservations.values where held.key.hasPrefix(prefix) && quota.counts(held.usage.facts) { add(held.usage.amounts) }
        return sum
    }

    private func end(_ id: UInt64) { state.withLock { $0.reservations[id] = nil } }

    // MARK: Following the store

    private func followQuotas(_ state: inout State) throws(APIStatus) {
        if let watch = state.watch {
            switch try Self.changes(watch) {
            case .some(let events):
                for event in events { try apply(event, &state) }
                return
            case nil: watch.cancel()
            }
        }
        state.quotas = [:]
        do throws(StoreError) {
            let listing = try store.list(prefix: Self.prefix)
            state.watch = try store.watch(prefix: Self.prefix, from: listing.revision)
            for item in listing.items { set(item.key, try? ObjectCoding.decode(item), &state) }  // best effort: unreadable limits nothing
        } catch {
            throw StoreFailure.status(error)
        }
    }

    private func apply(_ event: StoreEvent, _ state: inout State) throws(APIStatus) {
        set(event.object.key, event.kind == .deleted ? nil : try ObjectCoding.decode(event.object), &state)
    }

    private func set(_ key: ObjectKey, _ object: KubeObject?, _ state: inout State) {
        guard let namespace = key.namespace else { return }
        state.quotas[namespace, default: [:]][key.name] = object.map { QuotaLimits($0) }
        guard state.quotas[namespace]?.isEmpty ?? true else { return }
        state.quotas[namespace] = nil
        // Nobody counts in this namespace any more.
        for prefix in state.trackers.keys where prefix.hasSuffix("/\(namespace)/") { state.trackers.removeValue(forKey: prefix)?.watch.cancel() }
    }

    private func follow(_ prefix: String, group: String, resource: String, _ state: inout State) throws(APIStatus) {
        if var tracker = state.trackers[prefix] {
            if let events = try Self.changes(tracker.watch) {
                state.trackers[prefix] = nil  // Gives up the other reference, so that totals change in place.
                for event in events {
                    let key = event.object.key
                    let isGone = event.kind == .deleted
                    tracker.set(key, isGone ? nil : QuotaUsage(try ObjectCoding.decode(event.object), group: group, resource: resource))
                    // What was in reserve for it is now counted.
                    state.reservations = state.reservations.filter { $0.value.key != key }
                }
                state.trackers[prefix] = tracker
                return
            }
            tracker.watch.cancel()
        }
        do throws(StoreError) {
            let listing = try store.list(prefix: prefix)
            var tracker = Tracker(watch: try store.watch(prefix: prefix, from: listing.revision))
            for item in listing.items {
                // best effort: an object that cannot be read counts as one object.
                let object = (try? ObjectCoding.decode(item)) ?? KubeObject(.null)
                tracker.set(item.key, QuotaUsage(object, group: group, resource: resource))
            }
            state.trackers[prefix] = tracker
        } catch {
            throw StoreFailure.status(error)
        }
    }

    /// What has happened since the last look; nil when the watch has lost its place.
    private static func changes(_ watch: StoreWatch) throws(APIStatus) -> [StoreEvent]? {
        var all: [StoreEvent] = []
        while true {
            switch watch.poll(max: 256) {
            case .events(let events): all += events
            case .none: return all
            case .compacted, .failed: return nil
            }
        }
    }
}

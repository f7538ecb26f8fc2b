internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore

/// Says of every ServiceCIDR whether it is ready, lets those go that nobody needs, and keeps an IPAddress for each address that a service
/// has. Wakes only when one of these objects changes. Source: `pkg/controller/servicecidrs`, `pkg/registry/core/service/ipallocator/controller`.
final class ServiceRangeKeeper: Sendable {
    private let core: ServerCore
    /// Writes of one commit when many are missing.
    private static let batch = 256

    init(_ core: ServerCore) { self.core = core }

    /// Works until the task is cancelled.
    func run() async {
        var addresses: StoreWatch?
        defer { addresses?.cancel() }
        await StoreBell.answer(core, "keeping service addresses") { () throws(APIStatus) in
            try await self.ranges()
            addresses = try await self.addresses(addresses)
            return [ServiceRange.prefix, ServiceAddressObject.prefix]
        }
    }

    // MARK: Ranges

    private func ranges() async throws(APIStatus) {
        let all = try core.reading { () throws(StoreError) in try ServiceRange.all(core.store) }
        // Before anybody is told: a range that is ready gives addresses, one that goes gives none.
        core.addresses.use(ServiceRange.usable(all, own: core.addresses.range))
        let living = all.filter { !$0.object.isBeingDeleted }
        for range in all {
            let now = core.time.now()
            if !range.object.isBeingDeleted {
                try await put(range, range.ready(now))
            } else if try isUsed(range, besides: living) {
                try await put(range, range.terminating(now))
            } else if range.object.finalizers.contains(ServiceRange.finalizer) {
                var released = range.object
                released.finalizers.removeAll { $0 == ServiceRange.finalizer }
                try await put(range, released)
            }
        }
    }

    /// Whether an address needs a range, because no other has it.
    private func isUsed(_ range: ServiceRange, besides living: [ServiceRange]) throws(APIStatus) -> Bool {
        func needs(_ address: String) -> Bool { range.contains(address) && !living.contains { $0.contains(address) } }
        if core.addresses.hasOwner(where: { needs(AddressRange.text($0)) }) { return true }
        let listing = try core.reading { () throws(StoreError) in try core.store.list(prefix: ServiceAddressObject.prefix) }
        return listing.items.contains { needs($0.key.name) }
    }

    private func put(_ range: ServiceRange, _ wanted: KubeObject) async throws(APIStatus) {
        guard let endpoint = core.endpoints["networking.k8s.io", "v1", "servicecidrs"] else { return }
        try await core.settle(range.object, as: wanted, endpoint)
    }

    // MARK: Addresses

    /// Puts back the IPAddresses that somebody removed: those of `watch`, or, without one, all that are missing. Returns where to go on.
    private func addresses(_ watch: StoreWatch?) async throws(APIStatus) -> StoreWatch? {
        guard let watch else { return try await repair() }
        while true {
            switch watch.poll(max: 256) {
            case .none: return watch
            case .events(let events):
                let gone = events.filter { $0.kind == .deleted }.map(\.object.key.name)
                var writes: [ObjectWrite] = []
                for address in gone {
                    if let write = try missing(address) { writes.append(write) }
                }
                try await submit(writes)
            case .compacted, .failed:
                watch.cancel()
                return try await repair()
            }
        }
    }

    /// The write that puts an IPAddress back; nil when no service has the address.
    private func missing(_ address: String) throws(APIStatus) -> ObjectWrite? {
        let parts = (core.addresses.owner(of: address) ?? "").split(separator: "/").map(String.init)
        guard parts.count == 2, let service = try core.object("services", namespace: parts[0], name: parts[1]),
            ServiceAddressObject.address(of: service) == address
        else { return nil }
        return ServiceAddressObject.creation(address, namespace: parts[0], name: parts[1], core.store, now: core.time.now())
    }

    /// Compares all services with all IPAddresses, as after a start on a store that knew none.
    private func repair() async throws(APIStatus) -> StoreWatch {
        let watch = try core.reading { () throws(StoreError) in try core.store.watch(prefix: ServiceAddressObject.prefix, from: nil) }
        do throws(APIStatus) {
            var writes: [ObjectWrite] = []
            for service in try core.objects("services") {
                guard let address = ServiceAddressObject.address(of: service), let namespace = service.namespace,
                    let write = ServiceAddressObject.creation(address, namespace: namespace, name: service.name, core.store, now: core.time.now())
                else { continue }
                writes.append(write)
            }
            for object in try core.objects(group: "networking.k8s.io", "ipaddresses") {
                if let write = try orphan(object) { writes.append(write) }
            }
            try await submit(writes)
            return watch
        } catch {
            watch.cancel()
            throw error
        }
    }

    /// The write that removes an IPAddress of ours whose service is gone or has another address.
    private func orphan(_ object: KubeObject) throws(APIStatus) -> ObjectWrite? {
        guard object.labels[ServiceAddressObject.managerLabel] == ServiceAddressObject.manager,
            object.string("spec", "parentRef", "resource") == "services", let namespace = object.string("spec", "parentRef", "namespace"),
            let name = object.string("spec", "parentRef", "name")
        else { return nil }
        let service = try core.object("services", namespace: namespace, name: name)
        if let service, ServiceAddressObject.address(of: service) == object.name { return nil }
        return ServiceAddressObject.removal(object.name, namespace: namespace, name: name, core.store)
    }

    private func submit(_ writes: [ObjectWrite]) async throws(APIStatus) {
        var rest = writes[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.batch))
            rest = rest.dropFirst(some.count)
            let result: Result<[StoredObject], StoreError> = await withCheckedContinuation { continuation in
                core.store.submit(some) { continuation.resume(returning: $0) }
            }
            if case .failure(let error) = result { throw StoreFailure.status(error) }
        }
    }
}

internal import APIMachinery
internal import JSONCore
internal import ObjectStore
internal import Synchronization

/// The addresses of services: which of the ranges are taken, and by whom. Read from the store once, at the first claim.
final class ServiceAddressPool: Sendable {
    /// Why an address cannot be had.
    struct Refusal: Error {
        let message: String
    }

    private struct State {
        var owners: [UInt32: String] = [:]
        var isLoaded = false
        /// Where addresses are given from, in this order; nil before that is known.
        var ranges: [AddressRange]?
        /// Where to go on looking, by range.
        var next: [AddressRange: UInt32] = [:]
    }

    /// The cluster's own range.
    let range: AddressRange
    /// Who has what is never given to others.
    private let reserved: [UInt32: String]
    private let store: ObjectStore
    private let state = Mutex(State())

    init(range: AddressRange, reserved: [String: String], store: ObjectStore) {
        self.range = range
        self.reserved = reserved.reduce(into: [:]) { result, entry in
            if let address = AddressRange.parse(entry.key) { result[address] = entry.value }
        }
        self.store = store
    }

    /// From now on addresses are given from these ranges.
    func use(_ ranges: [AddressRange]) { state.withLock { $0.ranges = ranges } }

    /// Who has an address, as `namespace/name`.
    func owner(of text: String) -> String? {
        guard let address = AddressRange.parse(text) else { return nil }
        return state.withLock { state in
            load(&state)
            return state.owners[address]
        }
    }

    /// Whether an address is taken that `isInside`.
    func hasOwner(where isInside: (UInt32) -> Bool) -> Bool {
        state.withLock { state in
            load(&state)
            return state.owners.keys.contains(where: isInside)
        }
    }

    /// Takes `wanted`, or any free address. `isFree` says whether nobody else has put an IPAddress in its place.
    func claim(_ wanted: String?, owner: String, isFree: (String) -> Bool = { _ in true }) throws(Refusal) -> String {
        let result: Result<String, Refusal> = state.withLock { state in
            load(&state)
            do throws(Refusal) {
                return .success(try take(wanted, owner: owner, isFree, &state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func take(_ wanted: String?, owner: String, _ isFree: (String) -> Bool, _ state: inout State) throws(Refusal) -> String {
        let ranges = state.ranges ?? [range]
        if let wanted {
            guard let address = AddressRange.parse(wanted), ranges.contains(where: { $0.contains(address) }) else {
                let all = ranges.map(\.description).joined(separator: ", ")
                throw Refusal(message: "failed to allocate IP \(wanted): the provided IP (\(wanted)) is not in the valid range \(all)")
            }
            let holder = state.owners[address]
            guard holder == nil || holder == owner, isFree(wanted) else {
                throw Refusal(message: "failed to allocate IP \(wanted): provided IP is already allocated")
            }
            state.owners[address] = owner
            return wanted
        }
        for range in ranges {
            if let address = next(in: range, isFree, &state) {
                state.owners[address] = owner
                return AddressRange.text(address)
            }
        }
        throw Refusal(message: "failed to allocate a serviceIP: range is full")
    }

    private func next(in range: AddressRange, _ isFree: (String) -> Bool, _ state: inout State) -> UInt32? {
        // The first 256 are left to those that ask for one by name, as Kubernetes does.
        let start = range.size > 1024 ? 256 : 1
        let count = range.size - start - 1
        guard count > 0 else { return nil }
        let begin = state.next[range] ?? 0
        for step in 0..<UInt32(count) {
            let address = range.first + UInt32(start) + (begin &+ step) % UInt32(count)
            if reserved[address] != nil || state.owners[address] != nil || !isFree(AddressRange.text(address)) { continue }
            state.next[range] = (begin &+ step &+ 1) % UInt32(count)
            return address
        }
        return nil
    }

    /// Gives an address back, when `owner` is who has it.
    func release(_ text: String, owner: String) {
        guard let address = AddressRange.parse(text) else { return }
        state.withLock { state in
            if state.owners[address] == owner { state.owners[address] = reserved[address] }
        }
    }

    private func load(_ state: inout State) {
        guard !state.isLoaded else { return }
        state.isLoaded = true
        state.owners = reserved
        // best effort: without them the cluster's own range is used until they can be read.
        if state.ranges == nil, let all = try? ServiceRange.all(store) { state.ranges = ServiceRange.usable(all, own: range) }
        // best effort: an unreadable store refuses the write that follows anyway.
        guard let listing = try? store.list(prefix: ObjectKey.prefix(group: "", resource: "services", namespace: nil)) else { return }
        for item in listing.items {
            guard let object = try? ObjectCoding.decode(item), let text = object.string("spec", "clusterIP"),
                let address = AddressRange.parse(text)
            else { continue }
            state.owners[address] = "\(object.namespace ?? "")/\(object.name)"
        }
    }
}

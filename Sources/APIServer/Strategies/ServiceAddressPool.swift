internal import APIMachinery
internal import JSONCore
internal import ObjectStore
internal import Synchronization

/// The addresses of services: which of the range are taken, and by whom. Read from the store once, at the first claim.
final class ServiceAddressPool: Sendable {
    /// Why an address cannot be had.
    struct Refusal: Error {
        let message: String
    }

    private struct State {
        var owners: [UInt32: String] = [:]
        var isLoaded = false
        var next: UInt32 = 0
    }

    private let range: AddressRange
    private let reserved: UInt32?
    private let store: ObjectStore
    private let state = Mutex(State())

    init(range: AddressRange, reserved: String, store: ObjectStore) {
        self.range = range
        self.reserved = AddressRange.parse(reserved)
        self.store = store
    }

    /// Takes `wanted`, or any free address.
    func claim(_ wanted: String?, owner: String) throws(Refusal) -> String {
        let result: Result<String, Refusal> = state.withLock { state in
            load(&state)
            do throws(Refusal) {
                return .success(try take(wanted, owner: owner, &state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func take(_ wanted: String?, owner: String, _ state: inout State) throws(Refusal) -> String {
        if let wanted {
            guard let address = AddressRange.parse(wanted), range.contains(address) else {
                throw Refusal(message: "failed to allocate IP \(wanted): the provided IP (\(wanted)) is not in the valid range \(range)")
            }
            if let holder = state.owners[address], holder != owner {
                throw Refusal(message: "failed to allocate IP \(wanted): provided IP is already allocated")
            }
            state.owners[address] = owner
            return wanted
        }
        // The first 256 are left to those that ask for one by name, as Kubernetes does.
        let start = range.size > 1024 ? 256 : 1
        let count = range.size - start - 1
        guard count > 0 else { throw Refusal(message: "failed to allocate a serviceIP: range is full") }
        for step in 0..<UInt32(count) {
            let address = range.first + UInt32(start) + (state.next &+ step) % UInt32(count)
            if address == reserved || state.owners[address] != nil { continue }
            state.owners[address] = owner
            state.next = (state.next &+ step &+ 1) % UInt32(count)
            return AddressRange.text(address)
        }
        throw Refusal(message: "failed to allocate a serviceIP: range is full")
    }

    /// Gives an address back, when `owner` is who has it.
    func release(_ text: String, owner: String) {
        guard let address = AddressRange.parse(text) else { return }
        state.withLock { state in
            if state.owners[address] == owner { state.owners[address] = nil }
        }
    }

    private func load(_ state: inout State) {
        guard !state.isLoaded else { return }
        state.isLoaded = true
        if let reserved { state.owners[reserved] = "default/kubernetes" }
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

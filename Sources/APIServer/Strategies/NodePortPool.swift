internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore
internal import Synchronization

/// The ports of nodes that services take: which are taken, and by whom. Read from the store once, at the first claim; a claim that the
/// store does not bear out after half a minute is given up. Source: `pkg/registry/core/service/portallocator`.
final class NodePortPool: Sendable {
    static let range: ClosedRange<Int64> = 30000...32767
    private static let patience: Duration = .seconds(30)

    private struct Claim {
        var owner: String
        var since: Duration
    }

    private struct State {
        var claims: [Int64: Claim] = [:]
        var isLoaded = false
        var next: Int64 = 0
    }

    private let store: ObjectStore
    private let lookup: ObjectLookup
    private let time: any TimeSource
    private let state = Mutex(State())

    init(store: ObjectStore, lookup: ObjectLookup, time: any TimeSource) {
        self.store = store
        self.lookup = lookup
        self.time = time
    }

    /// Takes `wanted`, or any free port when it is 0. Nil when the wanted one, or every one, is taken.
    func claim(_ wanted: Int64, owner: String) -> Int64? {
        state.withLock { state in
            load(&state)
            guard wanted == 0 else { return take(wanted, owner, &state) ? wanted : nil }
            // Another place in the range each time, so that a port just given back is not the next one handed out.
            let count = Self.range.upperBound - Self.range.lowerBound + 1
            if state.next == 0 { state.next = Int64.random(in: 0..<count) }
            for step in 0..<count {
                let port = Self.range.lowerBound + (state.next + step) % count
                guard state.claims[port] == nil, take(port, owner, &state) else { continue }
                state.next = (state.next + step + 1) % count
                return port
            }
            return Self.range.first { take($0, owner, &state) }
        }
    }

    private func take(_ port: Int64, _ owner: String, _ state: inout State) -> Bool {
        if let claim = state.claims[port], claim.owner != owner, isHeld(port, claim) { return false }
        state.claims[port] = Claim(owner: owner, since: time.monotonic())
        return true
    }

    private func isHeld(_ port: Int64, _ claim: Claim) -> Bool {
        if time.monotonic() - claim.since < Self.patience { return true }
        let parts = claim.owner.split(separator: "/", maxSplits: 1).map(String.init)
        // best effort: an unreadable store refuses the write that follows anyway.
        guard parts.count == 2, let object = try? lookup.get("services", namespace: parts[0], name: parts[1]) else { return false }
        return Self.ports(object).contains(port)
    }

    /// Gives a port back, when `owner` is who has it.
    func release(_ port: Int64, owner: String) {
        state.withLock { state in
            if state.claims[port]?.owner == owner { state.claims[port] = nil }
        }
    }

    /// The node ports of a service.
    static func ports(_ service: KubeObject) -> [Int64] {
        var ports = service.array("spec", "ports").compactMap { $0["nodePort"]?.integerValue }.filter { $0 != 0 }
        if let port = service.integer("spec", "healthCheckNodePort"), port != 0 { ports.append(port) }
        return ports
    }

    private func load(_ state: inout State) {
        guard !state.isLoaded else { return }
        state.isLoaded = true
        // best effort: an unreadable store refuses the write that follows anyway.
        guard let services = try? lookup.list("services") else { return }
        for service in services {
            let claim = Claim(owner: "\(service.namespace ?? "")/\(service.name)", since: time.monotonic())
            for port in Self.ports(service) { state.claims[port] = claim }
        }
    }
}

package import LinuxKernel
internal import Synchronization

/// The free and used addresses of one node's pod range. Persists nothing: it is rebuilt from the pods that exist.
package final class PodAddressPool: Sendable {
    private struct State {
        var words: [UInt64]
        var next: UInt32 = 0
        var used = 0
    }

    /// The range that addresses come from.
    package let range: IPv4Network
    private let size: UInt32
    private let state: Mutex<State>

    /// The first, second (the node's own) and last address are never given out.
    package init(range: IPv4Network) {
        precondition((8...29).contains(range.prefixLength), "a node's pod range is between /8 and /29")
        self.range = range
        size = UInt32(1) << UInt32(32 - range.prefixLength)
        var words = [UInt64](repeating: 0, count: Int((size + 63) / 64))
        for reserved in [0, 1, size - 1] { words[Int(reserved / 64)] |= 1 << UInt64(reserved % 64) }
        state = Mutex(State(words: words))
    }

    /// The next free address, after the one given out last so that a freed one rests as long as possible; nil when all are used.
    package func allocate() -> IPv4Address? {
        state.withLock { state in
            for step in 0..<size {
                let offset = (state.next &+ step) % size
                let (word, bit) = (Int(offset / 64), UInt64(1) << UInt64(offset % 64))
                guard state.words[word] & bit == 0 else { continue }
                state.words[word] |= bit
                state.next = (offset + 1) % size
                state.used += 1
                return range.address(at: offset)
            }
            return nil
        }
    }

    /// Marks an address that a surviving pod holds; false when it is outside the range or in use.
    @discardableResult
    package func reserve(_ address: IPv4Address) -> Bool {
        change(address) { state, word, bit in
            guard state.words[word] & bit == 0 else { return false }
            state.words[word] |= bit
            state.used += 1
            return true
        }
    }

    /// Gives an address back; one that was never given out is ignored.
    package func release(_ address: IPv4Address) {
        change(address) { state, word, bit in
            guard state.words[word] & bit != 0 else { return false }
            state.words[word] &= ~bit
            state.used -= 1
            return true
        }
    }

    /// How many pods hold an address.
    package var usedCount: Int { state.withLock { $0.used } }
    /// How many pods can hold one.
    package var capacity: Int { Int(size) - 3 }

    @discardableResult
    private func change(_ address: IPv4Address, _ body: (inout State, Int, UInt64) -> Bool) -> Bool {
        guard range.contains(address) else { return false }
        let offset = address.value - range.address.value
        guard offset > 1, offset < size - 1 else { return false }
        return state.withLock { body(&$0, Int(offset / 64), UInt64(1) << UInt64(offset % 64)) }
    }
}

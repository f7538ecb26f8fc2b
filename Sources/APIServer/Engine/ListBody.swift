internal import APIMachinery
internal import KubeClient
internal import ObjectStore
internal import Synchronization

/// The body of a large list in the plain form: stored bytes, joined while the client takes them.
///
/// A client that reads slowly, or not at all, holds references to objects and one piece of their text, not a copy of everything.
final class ListBody: ByteSource {
    /// From here on a list is joined piece by piece.
    static let threshold = 256 << 10

    private struct State {
        var items: [StoredObject]
        var head: [UInt8]
        var next = 0
        /// The rest of an object that is larger than what is taken at a time.
        var rest: ArraySlice<UInt8> = []
        var isOver = false
    }

    private static let tail = Array("]}".utf8)

    /// How stored objects begin that leave out what their list says already: `{"kind":"Pod","apiVersion":"v1",`. Empty when none does.
    private let mark: [UInt8]

    private let state: Mutex<State>

    /// The length of the body in bytes.
    let count: Int

    /// `head` is everything before the first item. Items of `kind` do not say so each, as the list does.
    init(head: [UInt8], items: [StoredObject], of kind: GroupVersionKind? = nil) {
        mark = kind.map { Array("{\"kind\":\"\($0.kind)\",\"apiVersion\":\"\($0.groupVersion.apiVersion)\",".utf8) } ?? []
        count =
            head.count + max(items.count - 1, 0) + Self.tail.count
            + items.reduce(0) { [mark] in $0 + $1.renderedCount - Self.excess(of: $1, mark) }
        state = Mutex(State(items: items, head: head))
    }

    func poll(maximum: Int) -> BytePoll {
        let maximum = max(maximum, 1)
        return state.withLock { state in
            if !state.rest.isEmpty { return .bytes(Self.take(maximum, from: &state.rest)) }
            if state.isOver { return .end }
            let piece = join(&state, maximum)
            if piece.count <= maximum { return .bytes(piece) }
            state.rest = piece[...]
            return .bytes(Self.take(maximum, from: &state.rest))
        }
    }

    /// As many objects as fit, but at least one; after the last one the tail.
    private func join(_ state: inout State, _ maximum: Int) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(maximum)
        out += state.head
        state.head = []
        let start = state.next
        while state.next < state.items.count {
            let item = state.items[state.next]
            guard state.next == start || out.count + item.renderedCount + 1 + Self.tail.count <= maximum else { return out }
            if state.next > 0 { out.append(UInt8(ascii: ",")) }
            let excess = Self.excess(of: item, mark)
            if excess > 0 { out.append(UInt8(ascii: "{")) }
            item.rendered(from: excess > 0 ? excess + 1 : 0, into: &out)
            state.next += 1
        }
        out += Self.tail
        state.isOver = true
        return out
    }

    /// How many bytes of an item are left out, the brace before them not counted.
    private static func excess(of item: StoredObject, _ mark: [UInt8]) -> Int {
        guard !mark.isEmpty, item.bytes.count > mark.count else { return 0 }
        return item.bytes.withUnsafeBytes { $0.starts(with: mark) } ? mark.count - 1 : 0
    }

    private static func take(_ maximum: Int, from rest: inout ArraySlice<UInt8>) -> [UInt8] {
        defer { rest = rest.dropFirst(maximum) }
        return Array(rest.prefix(maximum))
    }

    /// The whole body.
    var bytes: [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count)
        while case .bytes(let piece) = poll(maximum: 1 << 20) { all += piece }
        return all
    }

    func onReady(_ wake: @escaping @Sendable () -> Void) { wake() }

    func cancel() {
        state.withLock { state in
            state.isOver = true
            state.items = []
            state.rest = []
        }
    }
}

internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore
internal import Synchronization

/// Events: live for an hour, counted from their last change; no history is kept. No timer removes them: readers see none that is
/// over, and a new event now and then takes the old ones with it.
struct EventStrategy: ResourceStrategy {
    /// Source: kube-apiserver `--event-ttl`.
    static let lifetime: Duration = .seconds(3600)

    var createsOnUpdate: Bool { true }
    var isArchived: Bool { false }
    var expires: Bool { true }
    func nameProblems(_ name: String) -> [String] { NameValidation.dnsSubdomain(name) }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        let stored = context.endpoint.conversion?.stored(object.value) ?? object.value
        return EventRules.create(KubeObject(stored), context.endpoint.descriptor.groupVersion)
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        EventRules.update(object, old: old, context.endpoint.descriptor.groupVersion)
    }

    func isExpired(_ object: StoredObject, now: Timestamp) -> Bool {
        guard let last = EventClock.lastSeen(object.bytes) else { return false }
        return now - last > Self.lifetime
    }

    func didCreate(_ object: KubeObject, _ context: WriteContext) { context.core.eventSweep.run(context) }
}

/// The time of an event, read from its bytes without parsing them.
enum EventClock {
    private static let markers = [Array("\"lastTimestamp\":\"".utf8), Array("\"creationTimestamp\":\"".utf8)]

    /// The later of `lastTimestamp` and `creationTimestamp`; nil when there is neither.
    static func lastSeen(_ bytes: Bytes) -> Timestamp? {
        bytes.withUnsafeBytes { raw in
            let text = raw.bindMemory(to: UInt8.self)
            return markers.compactMap { time(after: $0, in: text) }.max()
        }
    }

    private static func time(after marker: [UInt8], in text: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        guard text.count > marker.count + 20 else { return nil }
        for start in 0..<(text.count - marker.count - 20) where text[start] == 34 && text[start + 1] == marker[1] {
            let end = start + marker.count
            guard text[start..<end].elementsEqual(marker) else { continue }
            guard let quote = text[end...].prefix(40).firstIndex(of: 34) else { return nil }
            return Timestamp(rfc3339: UnsafeBufferPointer(rebasing: text[end..<quote]))
        }
        return nil
    }
}

/// Removes events that are over, at most every few minutes and only while new ones come in.
final class EventSweep: Sendable {
    private let last = Mutex<Duration?>(nil)
    private static let interval: Duration = .seconds(300)

    init() {}

    func run(_ context: WriteContext) {
        let core = context.core
        let now = core.time.monotonic()
        let isDue = last.withLock { last -> Bool in
            guard let before = last else {
                last = now
                return false
            }
            guard now - before >= Self.interval else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        core.later {
            // best effort: what stays is not shown, and the next sweep tries again.
            guard let listing = try? core.store.list(prefix: context.endpoint.prefix(namespace: nil)) else { return }
            for item in listing.items where context.endpoint.strategy.isExpired(item, now: core.time.now()) {
                let write = ObjectWrite(
                    key: item.key, bytes: nil, spliceOffset: nil, precondition: .revision(item.revision), writer: "system:apiserver",
                    retention: .window)
                core.store.submit(write) { _ in }
            }
        }
    }
}

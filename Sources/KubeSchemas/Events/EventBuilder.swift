package import APIMachinery
package import JSONCore
package import LinuxKernel

/// Builds core/v1 Events, and the patch that counts a repetition on the first one. Without I/O: who uses it writes the result.
package struct EventBuilder: Sendable {
    /// Whether something went well or not.
    package enum Kind: String, Sendable, Hashable {
        /// Part of ordinary life.
        case normal = "Normal"
        /// Somebody may want to look.
        case warning = "Warning"
    }

    /// What to write.
    package enum Write: Sendable, Hashable {
        /// Create this event.
        case create(KubeObject)
        /// Merge-patch the event of that name; create `fallback` when it is gone.
        case patch(namespace: String, name: String, patch: JSONValue, fallback: KubeObject)
    }

    private struct Key: Hashable {
        var reference: String
        var kind: Kind
        var reason: String
        var message: String
    }

    private struct Seen {
        var event: KubeObject
        var count: Int64
        var last: Timestamp
    }

    private let component: String
    private let host: String
    private var seen: [Key: Seen] = [:]
    private var order: [Key] = []

    /// How many different events are remembered for counting.
    package static let memory = 1024
    /// Repetitions after a longer pause start a new event.
    package static let window = Duration.seconds(600)

    /// A builder that signs as `component`, on `host` when it works for one node.
    package init(component: String, host: String = "") {
        self.component = component
        self.host = host
    }

    /// The write that reports something about an object. The same object, kind, reason and message within ``window`` count up one
    /// event. `fieldPath` names a part, for example `spec.containers{app}`.
    package mutating func record(
        about object: KubeObject, fieldPath: String? = nil, kind: Kind, reason: String, message: String, now: Timestamp
    ) -> Write {
        let reference = ObjectReference(object, fieldPath: fieldPath)
        let text = Self.limited(message)
        let key = Key(
            reference: "\(object.kind)/\(reference.namespace)/\(object.name)/\(object.uid)/\(fieldPath ?? "")", kind: kind, reason: reason,
            message: text)
        if var known = seen[key], now - known.last < Self.window {
            known.count += 1
            known.last = now
            seen[key] = known
            let patch: JSONValue = .object(["count": .integer(known.count), "lastTimestamp": .string(now.rfc3339)])
            var fallback = known.event
            fallback["count"] = .integer(known.count)
            fallback["lastTimestamp"] = .string(now.rfc3339)
            return .patch(namespace: known.event.namespace ?? "default", name: known.event.name, patch: patch, fallback: fallback)
        }
        let event = build(reference, kind: kind, reason: reason, message: text, now: now)
        remember(key, Seen(event: event, count: 1, last: now))
        return .create(event)
    }

    private func build(_ reference: ObjectReference, kind: Kind, reason: String, message: String, now: Timestamp) -> KubeObject {
        let namespace = reference.namespace.isEmpty ? "default" : reference.namespace
        let nanos = UInt64(bitPattern: now.seconds &* 1_000_000_000 &+ Int64(now.nanoseconds))
        let name = "\(reference.name).\(String(nanos, radix: 16))\(SecureRandom.hex(2))"
        var event = KubeObject(Event.kind, name: String(name.suffix(253)), namespace: namespace)
        event["involvedObject"] = reference.value
        event["reason"] = .string(reason)
        event["message"] = .string(message)
        var source: JSONObject = ["component": .string(component)]
        if !host.isEmpty { source["host"] = .string(host) }
        event["source"] = .object(source)
        event["firstTimestamp"] = .string(now.rfc3339)
        event["lastTimestamp"] = .string(now.rfc3339)
        event["count"] = 1
        event["type"] = .string(kind.rawValue)
        event["reportingComponent"] = .string(component)
        event["reportingInstance"] = .string(host)
        return event
    }

    private mutating func remember(_ key: Key, _ entry: Seen) {
        if seen.updateValue(entry, forKey: key) == nil { order.append(key) }
        guard order.count > Self.memory else { return }
        for old in order.prefix(order.count / 2) { seen[old] = nil }
        order.removeFirst(order.count / 2)
    }

    /// Kubernetes refuses messages above 1024 bytes.
    private static func limited(_ message: String) -> String {
        guard message.utf8.count > 1024 else { return message }
        var end = message.utf8.index(message.utf8.startIndex, offsetBy: 1021)
        while end.samePosition(in: message) == nil { end = message.utf8.index(before: end) }
        return "\(message[..<end])..."
    }
}

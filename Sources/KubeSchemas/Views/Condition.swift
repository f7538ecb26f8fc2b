package import JSONCore
package import LinuxKernel

/// One entry of a `status.conditions` list.
package struct Condition: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// A condition from its parts; nil makes the status Unknown, `since` is the moment of its last change.
    package init(type: String, status: Bool?, reason: String? = nil, message: String? = nil, since: Timestamp) {
        let text = status.map { $0 ? "True" : "False" } ?? "Unknown"
        self.init(.object(["type": .string(type), "status": .string(text)]))
        set("lastTransitionTime", since)
        set("reason", reason)
        set("message", message)
    }

    /// What the condition is about, for example `Ready`.
    package var type: String { text("type") ?? "" }
    /// `True`, `False` or `Unknown`.
    package var status: String { text("status") ?? "" }
    /// Whether the status is `True`.
    package var isTrue: Bool { status == "True" }
    /// One word why; empty when missing.
    package var reason: String { text("reason") ?? "" }
    /// Why, for people; empty when missing.
    package var message: String { text("message") ?? "" }
    /// When the status last changed.
    package var lastTransitionTime: Timestamp? { time("lastTransitionTime") }
}

extension [Condition] {
    /// The condition of a type.
    package subscript(type: String) -> Condition? { first { $0.type == type } }

    /// Adds or replaces a condition, keeping the transition time of one whose status stays.
    package mutating func put(_ condition: Condition) {
        guard let index = firstIndex(where: { $0.type == condition.type }) else {
            append(condition)
            return
        }
        var fresh = condition
        if self[index].status == condition.status, let since = self[index].lastTransitionTime {
            fresh.set("lastTransitionTime", since)
        }
        self[index] = fresh
    }
}

/// A status with conditions.
package protocol ConditionedStatus: ValueView {}

extension ConditionedStatus {
    /// `conditions`.
    package var conditions: [Condition] {
        get { parts("conditions") }
        set { set("conditions", newValue) }
    }
}

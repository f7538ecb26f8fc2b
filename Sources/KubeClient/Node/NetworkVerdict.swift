package import JSONCore

/// What a node's network does with a connection in one direction.
package struct NetworkVerdict: Sendable, Hashable {
    /// How it is decided.
    package enum Outcome: String, Sendable, Hashable {
        /// No policy limits the pod in this direction.
        case open
        /// It is with the pod's node or with itself, which policies never keep apart.
        case exempt
        /// A rule allows it.
        case allowed
        /// Policies limit the pod, and no rule of theirs allows it.
        case denied
    }

    /// How it is decided.
    package var outcome: Outcome
    /// The policy that allows it, or those that limit the pod, as NAMESPACE/NAME.
    package var policies: [String]
    /// The number of the allowing rule, from 1; nil when none allows it.
    package var rule: Int?

    /// A verdict.
    package init(_ outcome: Outcome, policies: [String] = [], rule: Int? = nil) {
        self.outcome = outcome
        self.policies = policies
        self.rule = rule
    }

    /// As JSON.
    package var value: JSONValue {
        var value: JSONValue = ["outcome": .string(outcome.rawValue), "policies": .array(policies.map { .string($0) })]
        if let rule { value["rule"] = .integer(Int64(rule)) }
        return value
    }

    /// Reads what ``value`` wrote; nil for anything else.
    package init?(_ value: JSONValue?) {
        guard let outcome = value?["outcome"]?.stringValue.flatMap({ Outcome(rawValue: $0) }) else { return nil }
        self.init(
            outcome, policies: (value?["policies"]?.arrayValue ?? []).compactMap(\.stringValue),
            rule: value?["rule"]?.integerValue.flatMap { Int(exactly: $0) })
    }
}

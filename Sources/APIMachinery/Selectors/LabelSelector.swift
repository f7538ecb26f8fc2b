package import JSONCore

/// A condition on labels: every requirement holds.
package struct LabelSelector: Sendable, Hashable, CustomStringConvertible {
    /// How a requirement compares.
    package enum Operator: String, Sendable, Hashable {
        /// The value is one of the set.
        case `in` = "in"
        /// The label is missing or its value is not one of the set.
        case notIn = "notin"
        /// The label is there.
        case exists = "exists"
        /// The label is missing.
        case doesNotExist = "!"
        /// The value is the given one.
        case equals = "="
        /// The label is missing or its value is another.
        case notEquals = "!="
        /// The value is an integer above the given one.
        case greaterThan = "gt"
        /// The value is an integer below the given one.
        case lessThan = "lt"
    }

    /// One condition on one label.
    package struct Requirement: Sendable, Hashable {
        /// The label's key.
        package let key: String
        /// How it compares.
        package let `operator`: Operator
        /// What it compares with.
        package let values: [String]

        /// A requirement from its parts, unchecked.
        package init(key: String, operator: Operator, values: [String] = []) {
            self.key = key
            self.operator = `operator`
            self.values = values
        }
    }

    /// The conditions; none matches everything.
    package let requirements: [Requirement]
    /// Whether this stands for an absent selector, which matches no object.
    package let matchesNothing: Bool

    /// A selector of requirements.
    package init(requirements: [Requirement] = []) {
        self.requirements = requirements
        matchesNothing = false
    }

    private init(matchingNothing: Void) {
        requirements = []
        matchesNothing = true
    }

    /// Matches every object.
    package static let everything = LabelSelector()
    /// Matches no object.
    package static let nothing = LabelSelector(matchingNothing: ())

    /// Whether there is no requirement (and so everything matches).
    package var isEmpty: Bool { requirements.isEmpty && !matchesNothing }

    /// Whether labels satisfy every requirement.
    package func matches(_ labels: [String: String]) -> Bool {
        !matchesNothing && requirements.allSatisfy { $0.matches(labels[$0.key]) }
    }

    /// Whether the labels of an object (`metadata.labels`) satisfy every requirement, without making a dictionary.
    package func matches(labels: JSONObject?) -> Bool {
        !matchesNothing && requirements.allSatisfy { $0.matches(labels?[$0.key]?.stringValue) }
    }

    /// The text form that ``init(parsing:)`` reads, as Kubernetes prints it: keys sorted.
    package var description: String {
        requirements.sorted { $0.key < $1.key }.map(\.description).joined(separator: ",")
    }
}

extension LabelSelector.Requirement: CustomStringConvertible {
    /// Whether a label's value satisfies the requirement; nil when the label is missing.
    package func matches(_ value: String?) -> Bool {
        switch `operator` {
        case .exists: return value != nil
        case .doesNotExist: return value == nil
        case .in, .equals: return value.map(values.contains) ?? false
        case .notIn, .notEquals: return value.map { !values.contains($0) } ?? true
        case .greaterThan, .lessThan:
            guard let value, let number = Int64(value), let bound = values.first.flatMap({ Int64($0) }) else { return false }
            return `operator` == .greaterThan ? number > bound : number < bound
        }
    }

    /// The text form.
    package var description: String {
        switch `operator` {
        case .exists: key
        case .doesNotExist: "!\(key)"
        case .in: "\(key) in (\(values.sorted().joined(separator: ",")))"
        case .notIn: "\(key) notin (\(values.sorted().joined(separator: ",")))"
        case .equals: "\(key)=\(values.first ?? "")"
        case .notEquals: "\(key)!=\(values.first ?? "")"
        case .greaterThan: "\(key)>\(values.first ?? "")"
        case .lessThan: "\(key)<\(values.first ?? "")"
        }
    }
}

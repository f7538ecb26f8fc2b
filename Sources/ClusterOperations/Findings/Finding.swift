/// Something about an object that is broken, will break, or could be better.
package struct Finding: Sendable, Hashable {
    /// How much it matters.
    package enum Severity: Int, Sendable, Hashable, Comparable, CaseIterable {
        /// Something does not work.
        case broken
        /// Something works until the day it does not.
        case risk
        /// Something could be tidier.
        case advice

        package static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
    }

    /// What it is about.
    package var subject: ObjectTarget
    /// How much it matters.
    package var severity: Severity
    /// What is found: `container app has no memory limit`.
    package var text: String
    /// What to do about it.
    package var remedy: String

    /// A finding.
    package init(_ subject: ObjectTarget, _ severity: Severity, _ text: String, remedy: String) {
        self.subject = subject
        self.severity = severity
        self.text = text
        self.remedy = remedy
    }
}

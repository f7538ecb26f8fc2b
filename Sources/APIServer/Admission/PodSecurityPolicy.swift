internal import APIMachinery
internal import JSONCore

/// How much a pod may do. Source: pod-security-admission `api`.
enum PodSecurityLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    case privileged
    case baseline
    case restricted

    private var rank: Int { self == .privileged ? 0 : self == .baseline ? 1 : 2 }
    static func < (left: PodSecurityLevel, right: PodSecurityLevel) -> Bool { left.rank < right.rank }
}

/// A level as some Kubernetes version understood it.
struct PodSecurityRule: Sendable, Hashable {
    var level: PodSecurityLevel = .privileged
    /// The minor version; nil is the latest.
    var minor: Int?

    /// As messages show it: `restricted:latest`, `baseline:v1.29`.
    var text: String { "\(level.rawValue):\(minor.map { "v1.\($0)" } ?? "latest")" }

    /// Whether checks of version 1.`minimum` apply.
    func isAtLeast(_ minimum: Int) -> Bool { minor.map { $0 >= minimum } ?? true }
}

/// What a namespace's labels ask for.
struct PodSecurityPolicy: Sendable, Hashable {
    static let prefix = "pod-security.kubernetes.io/"

    var enforce = PodSecurityRule()
    var audit = PodSecurityRule()
    var warn = PodSecurityRule()
    /// What is wrong with the labels.
    var errors: [FieldError] = []

    /// Reads the labels. What cannot be read is the strictest, as nobody meant it to be lax.
    init(labels: [String: String]) {
        enforce = read("enforce", labels, fallback: .restricted)
        audit = read("audit", labels, fallback: .restricted)
        warn = read("warn", labels, fallback: nil)
        // What is enforced for pods is told to who writes their templates, unless the labels say otherwise.
        if labels["\(Self.prefix)warn"] == nil, enforce.level > warn.level { warn = enforce }
    }

    private mutating func read(_ mode: String, _ labels: [String: String], fallback: PodSecurityLevel?) -> PodSecurityRule {
        var rule = PodSecurityRule()
        let key = "\(Self.prefix)\(mode)"
        if let text = labels[key] {
            if let level = PodSecurityLevel(rawValue: text) {
                rule.level = level
            } else {
                rule.level = fallback ?? .privileged
                errors.append(.invalid("metadata.labels[\(key)]", .string(text), "must be one of privileged, baseline, restricted"))
            }
        }
        if let text = labels["\(key)-version"], text != "latest" {
            if text.hasPrefix("v1."), let minor = Int(text.dropFirst(3)), minor >= 0, String(minor) == text.dropFirst(3) {
                rule.minor = minor
            } else {
                errors.append(.invalid("metadata.labels[\(key)-version]", .string(text), "must be \"latest\" or \"v1.x\""))
            }
        }
        return rule
    }

    /// Whether nothing is asked for.
    var isPrivileged: Bool { enforce.level == .privileged && audit.level == .privileged && warn.level == .privileged }
}

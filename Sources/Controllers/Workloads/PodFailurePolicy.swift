import JSONCore
import KubeSchemas

/// What a Job makes of single kinds of failure. Source: `pkg/controller/job/pod_failure_policy.go`.
struct PodFailurePolicy {
    /// What a failure leads to.
    enum Verdict: Equatable {
        /// It counts.
        case counts
        /// It does not count.
        case ignored
        /// The pod's number has failed for good.
        case failsIndex
        /// The whole job has failed.
        case failsJob(String)
    }

    private let rules: [JSONValue]

    init(_ value: JSONValue?) { rules = value?["rules"]?.arrayValue ?? [] }

    /// The first rule that matches a failed pod decides.
    func verdict(on pod: Pod) -> Verdict {
        guard pod.status.phase == "Failed" else { return .counts }
        for (number, rule) in rules.enumerated() {
            let action = rule["action"]?.stringValue ?? ""
            let message: String?
            if let codes = rule["onExitCodes"], !codes.isNull {
                message = Self.match(codes, pod).map { container, code in
                    "Container \(container) for pod \(pod.namespace ?? "")/\(pod.name) failed with exit code \(code) matching \(action) rule at index \(number)"
                }
            } else {
                message = Self.match(rule["onPodConditions"]?.arrayValue ?? [], pod).map {
                    "Pod \(pod.namespace ?? "")/\(pod.name) has condition \($0) matching \(action) rule at index \(number)"
                }
            }
            guard let message else { continue }
            switch action {
            case "FailJob": return .failsJob(message)
            case "FailIndex": return .failsIndex
            case "Ignore": return .ignored
            default: return .counts
            }
        }
        return .counts
    }

    private static func match(_ codes: JSONValue, _ pod: Pod) -> (container: String, code: Int64)? {
        let name = codes["containerName"]?.stringValue ?? ""
        let values = codes["values"]?.arrayValue?.compactMap(\.integerValue) ?? []
        for status in pod.status.containerStatuses + pod.status.initContainerStatuses where name.isEmpty || status.name == name {
            guard let code = status.state.terminated.map({ $0.exitCode }), code != 0 else { continue }
            if values.contains(code) == (codes["operator"] != "NotIn") { return (status.name, code) }
        }
        return nil
    }

    private static func match(_ patterns: [JSONValue], _ pod: Pod) -> String? {
        let conditions = pod.status.conditions
        return patterns.lazy.compactMap { pattern -> String? in
            guard let type = pattern["type"]?.stringValue, let condition = conditions[type] else { return nil }
            return condition.status == pattern["status"]?.stringValue ?? "True" ? type : nil
        }.first
    }
}

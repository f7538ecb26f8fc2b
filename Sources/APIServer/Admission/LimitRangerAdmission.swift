internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// Keeps pods and claims within the LimitRanges of their namespace, and fills in what they leave open.
/// Source: `plugin/pkg/admission/limitranger`.
struct LimitRangerAdmission: AdmissionStep {
    static let annotation = "kubernetes.io/limit-ranger"

    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.isMain("", "pods"), request.operation == .create else { return }
        for range in try request.core.lookup.list("limitranges", namespace: request.namespace) {
            var limits: [String: Quantity] = [:]
            var requests: [String: Quantity] = [:]
            for item in range.array("spec", "limits") where item["type"] == "Container" {
                limits.merge(QuotaLimits.amounts(item["default"])) { _, new in new }
                requests.merge(QuotaLimits.amounts(item["defaultRequest"])) { _, new in new }
            }
            fill(&object, limits: limits, requests: requests)
        }
    }

    private func fill(_ pod: inout KubeObject, limits: [String: Quantity], requests: [String: Quantity]) {
        var notes: [String] = []
        for (field, word) in [("containers", "container"), ("initContainers", "init container")] {
            guard case .array(var containers)? = pod["spec", field] else { continue }
            for index in containers.indices {
                let name = containers[index]["name"]?.stringValue ?? ""
                for (kind, amounts, noun) in [("limits", limits, "limit"), ("requests", requests, "request")] {
                    let missing = amounts.filter { containers[index]["resources", kind, $0.key] == nil }
                    guard !missing.isEmpty else { continue }
                    for (resource, amount) in missing.sorted(by: { $0.key < $1.key }) {
                        containers[index]["resources", kind, resource] = .string(amount.canonical)
                    }
                    notes.append("\(missing.keys.sorted().joined(separator: ", ")) \(noun) for \(word) \(name)")
                }
            }
            pod["spec", field] = .array(containers)
        }
        if !notes.isEmpty {
            pod["metadata", "annotations", Self.annotation] = .string("LimitRanger plugin set: \(notes.joined(separator: "; "))")
        }
    }

    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        let isPod = request.isMain("", "pods") && request.operation == .create
        let isClaim = request.isMain("", "persistentvolumeclaims") && request.operation != .delete
        guard isPod || isClaim else { return }
        for range in try request.core.lookup.list("limitranges", namespace: request.namespace) {
            let problems = range.array("spec", "limits").flatMap { isPod ? podProblems(object, $0) : claimProblems(object, $0) }
            guard let first = problems.first else { continue }
            throw request.forbidden(problems.count == 1 ? first : "[\(problems.joined(separator: ", "))]")
        }
    }

    private func claimProblems(_ claim: KubeObject, _ item: JSONValue) -> [String] {
        guard item["type"] == "PersistentVolumeClaim" else { return [] }
        let amounts = QuotaLimits.amounts(claim["spec", "resources", "requests"])
        let limit = LimitItem(item)
        return limit.minimum(requests: amounts, limits: [:]) + limit.maximumOfRequests(amounts)
    }

    private func podProblems(_ pod: KubeObject, _ item: JSONValue) -> [String] {
        let limit = LimitItem(item)
        switch item["type"]?.stringValue {
        case "Container":
            return (pod.array("spec", "containers") + pod.array("spec", "initContainers")).flatMap { container in
                limit.problems(
                    requests: QuotaLimits.amounts(container["resources", "requests"]),
                    limits: QuotaLimits.amounts(container["resources", "limits"]))
            }
        case "Pod":
            let resources = PodResources(Pod(pod).spec)
            return limit.problems(requests: resources.requests, limits: resources.limits)
        default: return []
        }
    }
}

/// One item of a LimitRange.
private struct LimitItem {
    let type: String
    let minimum: [String: Quantity]
    let maximum: [String: Quantity]
    let ratio: [String: Quantity]

    init(_ value: JSONValue) {
        type = value["type"]?.stringValue ?? ""
        minimum = QuotaLimits.amounts(value["min"])
        maximum = QuotaLimits.amounts(value["max"])
        ratio = QuotaLimits.amounts(value["maxLimitRequestRatio"])
    }

    func problems(requests: [String: Quantity], limits: [String: Quantity]) -> [String] {
        minimum(requests: requests, limits: limits) + maximum(requests: requests, limits: limits) + ratios(requests, limits)
    }

    func minimum(requests: [String: Quantity], limits: [String: Quantity]) -> [String] {
        minimum.sorted { $0.key < $1.key }.compactMap { name, least in
            let text = "minimum \(name) usage per \(type) is \(least.canonical)"
            guard let request = requests[name] else { return "\(text).  No request is specified" }
            if request < least { return "\(text), but request is \(request.canonical)" }
            if let limit = limits[name], limit < least { return "\(text), but limit is \(limit.canonical)" }
            return nil
        }
    }

    private func maximum(requests: [String: Quantity], limits: [String: Quantity]) -> [String] {
        maximum.sorted { $0.key < $1.key }.compactMap { name, most in
            let text = "maximum \(name) usage per \(type) is \(most.canonical)"
            guard let limit = limits[name] else { return "\(text).  No limit is specified" }
            if limit > most { return "\(text), but limit is \(limit.canonical)" }
            if let request = requests[name], request > most { return "\(text), but request is \(request.canonical)" }
            return nil
        }
    }

    func maximumOfRequests(_ requests: [String: Quantity]) -> [String] {
        maximum.sorted { $0.key < $1.key }.compactMap { name, most in
            let text = "maximum \(name) usage per \(type) is \(most.canonical)"
            guard let request = requests[name] else { return "\(text).  No request is specified" }
            return request > most ? "\(text), but request is \(request.canonical)" : nil
        }
    }

    private func ratios(_ requests: [String: Quantity], _ limits: [String: Quantity]) -> [String] {
        ratio.sorted { $0.key < $1.key }.compactMap { name, most in
            let text = "\(name) max limit to request ratio per \(type) is \(most.canonical)"
            guard let request = requests[name], !request.isZero else { return "\(text), but no request is specified or request is 0" }
            guard let limit = limits[name], !limit.isZero else { return "\(text), but no limit is specified or limit is 0" }
            let provided = Double(limit.milliValue) / Double(request.milliValue)
            guard provided > Double(most.milliValue) / 1000 else { return nil }
            return "\(text), but provided ratio is \(Self.sixDigits(provided))"
        }
    }

    /// As `%f` prints it.
    private static func sixDigits(_ value: Double) -> String {
        guard value < 1e12 else { return "\(value)" }
        let millionths = Int64((value * 1_000_000).rounded())
        let fraction = String(millionths % 1_000_000)
        return "\(millionths / 1_000_000).\(String(repeating: "0", count: 6 - fraction.utf8.count))\(fraction)"
    }
}

internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// What a pod may tell its containers about itself. Source: `pkg/apis/core/validation/validation.go` validateObjectFieldSelector and
/// validateContainerResourceFieldSelector, `pkg/apis/core/pods/helpers.go` ConvertDownwardAPIFieldLabel.
enum DownwardValidation {
    /// Fields that an environment variable may show.
    static let environment = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
        "status.hostIPs", "status.podIP", "status.podIPs",
    ]
    /// Fields that a file may show.
    static let files = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"]

    private static let known = Set(environment + files + ["spec.restartPolicy", "spec.schedulerName", "status.phase", "spec.host"])
    private static let resources = [
        "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory",
    ]

    /// What is wrong with a reference to a field of the pod, of which `allowed` may be shown.
    static func field(_ reference: JSONValue, _ field: String, allowed: [String]) -> [FieldError] {
        let version = reference["apiVersion"]?.stringValue ?? "v1"
        let path = reference["fieldPath"]?.stringValue ?? ""
        if path.isEmpty { return [.required("\(field).fieldPath")] }
        func unknown(_ why: String) -> [FieldError] {
            [.invalid("\(field).fieldPath", .string(path), "error converting fieldPath: \(why)")]
        }
        guard version == "v1" else { return unknown("unsupported pod version: \(version)") }
        guard let (map, key) = subscripted(path) else {
            guard known.contains(path) else { return unknown("field label not supported: \(path)") }
            let name = path == "spec.host" ? "spec.nodeName" : path
            return allowed.contains(name) ? [] : [.notSupported("\(field).fieldPath", .string(name), allowed)]
        }
        switch map {
        case "metadata.annotations": return NameValidation.qualifiedName(key.lowercased()).map { .invalid(field, .string(key), $0) }
        case "metadata.labels": return NameValidation.qualifiedName(key).map { .invalid(field, .string(key), $0) }
        default: return unknown("field label does not support subscript: \(path)")
        }
    }

    /// `metadata.labels['key']` as its two parts.
    private static func subscripted(_ path: String) -> (String, String)? {
        guard path.hasSuffix("']"), let open = path.firstRange(of: "['"), open.lowerBound > path.startIndex else { return nil }
        return (String(path[..<open.lowerBound]), String(path[open.upperBound...].dropLast(2)))
    }

    /// What is wrong with a reference to an amount of a container.
    static func amount(_ reference: JSONValue, _ field: String, isFile: Bool) -> [FieldError] {
        let resource = reference["resource"]?.stringValue ?? ""
        if isFile, (reference["containerName"]?.stringValue ?? "").isEmpty { return [.required("\(field).containerName")] }
        if resource.isEmpty { return [.required("\(field).resource")] }
        let isHuge = ["limits.", "requests."].contains { resource.hasPrefix($0 + HugePageResource.prefix) }
        guard isHuge || resources.contains(resource) else { return [.notSupported("\(field).resource", .string(resource), resources)] }
        return divisor(reference["divisor"], resource, "\(field).divisor")
    }

    private static func divisor(_ value: JSONValue?, _ resource: String, _ field: String) -> [FieldError] {
        guard let divisor = Quantity(decoded: value), !divisor.isZero else { return [] }
        let (kind, supported): (String, [String]) =
            if resource.hasSuffix(".cpu") {
                ("cpu", ["1m", "1"])
            } else if resource.hasSuffix(".memory") {
                ("memory", sizes)
            } else if resource.hasSuffix(".ephemeral-storage") {
                ("local ephemeral storage", sizes)
            } else {
                ("hugepages", sizes)
            }
        if supported.contains(divisor.canonical) { return [] }
        let list = kind == "cpu" ? "1m and 1" : supported.joined(separator: ", ")
        return [.invalid(field, .string(resource), "only divisor's values \(list) are supported with the \(kind) resource")]
    }

    private static let sizes = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]
}

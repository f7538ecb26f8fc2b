internal import JSONCore

/// `events.k8s.io/v1` Events over the core/v1 ones. Source: `pkg/apis/events/v1/conversion.go`.
struct EventConversion: VersionConversion {
    var storageGroup: String { "" }

    /// Field names: stored, served.
    private static let fields = [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"),
        ("reportingInstance", "reportingInstance"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ]
    private static let toServed = Dictionary(uniqueKeysWithValues: fields)
    private static let toStored = Dictionary(uniqueKeysWithValues: fields.map { ($0.1, $0.0) })

    func served(_ stored: JSONValue) -> JSONValue { rename(stored, Self.toServed, version: "events.k8s.io/v1") }
    func stored(_ served: JSONValue) -> JSONValue { rename(served, Self.toStored, version: "v1") }

    private func rename(_ value: JSONValue, _ names: [String: String], version: String) -> JSONValue {
        var result = JSONObject()
        for member in value.objectValue ?? JSONObject() {
            switch member.key {
            case "apiVersion": result["apiVersion"] = .string(version)
            default: result[names[member.key] ?? member.key] = member.value
            }
        }
        return .object(result)
    }
}

internal import APIMachinery
internal import JSONCore

/// The status of a ResourceClaim: what was allocated, and for whom.
/// Source: `pkg/apis/resource/validation/validation.go` validateResourceClaimStatusUpdate.
enum ClaimStatusRules {
    /// How many may use a claim, and how many devices it may get.
    private static let (mostConsumers, mostResults, mostConfigurations) = (256, 32, 64)

    static let check: @Sendable (KubeObject, KubeObject) -> [FieldError] = { object, old in
        let (status, before) = (object["status"] ?? .null, old["status"] ?? .null)
        let allocation = status["allocation"].flatMap { $0.isNull ? nil : $0 }
        var errors = consumers(status["reservedFor"]?.arrayValue ?? [], "status.reservedFor")
        errors += devices(status["devices"]?.arrayValue ?? [], allocation, "status.devices")
        let reserved = status["reservedFor"]?.arrayValue ?? []
        if !reserved.isEmpty {
            let known = Set((before["reservedFor"]?.arrayValue ?? []).map(\.description))
            if allocation == nil {
                errors.append(.forbidden("status.reservedFor", "may not be specified when `allocated` is not set"))
            } else if object.isBeingDeleted, reserved.contains(where: { !known.contains($0.description) }) {
                let why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
                errors.append(.forbidden("status.reservedFor", why))
            }
        }
        guard let allocation else { return errors }
        if let earlier = before["allocation"], !earlier.isNull {
            return allocation == earlier ? errors : errors + [.immutable("status.allocation", allocation)]
        }
        return errors + results(allocation, DeviceRules.requests(object["spec", "devices"] ?? .null), "status.allocation.devices")
    }

    private static func consumers(_ list: [JSONValue], _ field: String) -> [FieldError] {
        guard list.count <= mostConsumers else { return [.tooMany(field, actual: list.count, maximum: mostConsumers)] }
        var seen: Set<String> = []
        return list.enumerated().flatMap { index, consumer -> [FieldError] in
            let place = "\(field)[\(index)]"
            var errors = ["resource", "name", "uid"].filter { (consumer[$0]?.stringValue ?? "").isEmpty }.map { FieldError.required("\(place).\($0)") }
            let uid = consumer["uid"]?.stringValue ?? ""
            if !seen.insert(uid).inserted { errors.append(.duplicate(place, .string(uid))) }
            return errors
        }
    }

    /// Reports about devices: only of those that the claim has.
    private static func devices(_ list: [JSONValue], _ allocation: JSONValue?, _ field: String) -> [FieldError] {
        func id(_ value: JSONValue) -> String {
            ["driver", "pool", "device"].map { value[$0]?.stringValue ?? "" }.joined(separator: "/") + (value["shareID"]?.stringValue.map { "/\($0)" } ?? "")
        }
        let allocated = Set((allocation?["devices", "results"]?.arrayValue ?? []).map(id))
        var seen: Set<String> = []
        return list.enumerated().flatMap { index, device -> [FieldError] in
            let place = "\(field)[\(index)]"
            var errors = DeviceRules.driver(device["driver"], "\(place).driver") + DeviceRules.pool(device["pool"]?.stringValue ?? "", "\(place).pool")
            errors += DeviceRules.label(device["device"], "\(place).device")
            if !allocated.contains(id(device)) { errors.append(.invalid(place, .string(id(device)), "must be an allocated device in the claim")) }
            if !seen.insert(id(device)).inserted { errors.append(.duplicate(place, .string(id(device)))) }
            return errors
        }
    }

    private static func results(_ value: JSONValue, _ known: Set<String>, _ field: String) -> [FieldError] {
        let results = value["devices", "results"]?.arrayValue ?? []
        let configurations = value["devices", "config"]?.arrayValue ?? []
        guard results.count <= mostResults else { return [.tooMany("\(field).results", actual: results.count, maximum: mostResults)] }
        guard configurations.count <= mostConfigurations else {
            return [.tooMany("\(field).config", actual: configurations.count, maximum: mostConfigurations)]
        }
        var errors: [FieldError] = []
        for (index, result) in results.enumerated() {
            let place = "\(field).results[\(index)]"
            errors += DeviceRules.reference(result["request"]?.stringValue ?? "", "\(place).request", known)
            errors += DeviceRules.driver(result["driver"], "\(place).driver") + DeviceRules.pool(result["pool"]?.stringValue ?? "", "\(place).pool")
            errors += DeviceRules.label(result["device"], "\(place).device")
        }
        for (index, configuration) in configurations.enumerated() {
            let place = "\(field).config[\(index)]"
            let source = configuration["source"]?.stringValue ?? ""
            if source.isEmpty { errors.append(.required("\(place).source")) }
            if !source.isEmpty, !["FromClaim", "FromClass"].contains(source) {
                errors.append(.notSupported("\(place).source", .string(source), ["FromClaim", "FromClass"]))
            }
            errors += DeviceRules.references(configuration["requests"], "\(place).requests", known) + DeviceRules.opaque(configuration, place)
        }
        return errors
    }
}

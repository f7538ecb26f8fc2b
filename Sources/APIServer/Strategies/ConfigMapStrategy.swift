internal import APIMachinery
internal import JSONCore

/// ConfigMaps: keys are file names, `data` and `binaryData` share none, all of it fits into 1 MiB.
struct ConfigMapStrategy: ResourceStrategy {
    private static let maximumSize = 1 << 20

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors: [FieldError] = []
        var total = 0
        let data = object["data"]?.objectValue ?? JSONObject()
        for (field, members) in [("data", data), ("binaryData", object["binaryData"]?.objectValue ?? JSONObject())] {
            for member in members {
                for why in ValueValidation.configMapKey(member.key) {
                    errors.append(.invalid("\(field)[\(member.key)]", .string(member.key), why))
                }
                if field == "binaryData", data[member.key] != nil {
                    errors.append(.invalid("binaryData[\(member.key)]", .string(member.key), "duplicate of key present in data"))
                }
                total += member.value.stringValue?.utf8.count ?? 0
            }
        }
        if total > Self.maximumSize { errors.append(.tooLong("[]", maximum: Self.maximumSize)) }
        return errors
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        validateCreate(object, context) + Immutability.errors(object, old: old, fields: ["data", "binaryData"])
    }
}

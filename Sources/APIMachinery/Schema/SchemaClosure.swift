/// Works out which types lead to defaults or checks, so that walks skip all others.
enum SchemaClosure {
    static func compute(_ types: [TypeSchema]) {
        for type in types {
            type.hasConstraints = type.fields.contains(where: \.hasOwnConstraints)
            type.defaultingFields = type.fields.indices.filter { type.fields[$0].hasOwnDefault }
        }
        // Types refer to each other in cycles, so what holds is spread until nothing changes.
        var changed = true
        while changed {
            changed = false
            for type in types {
                if !type.hasConstraints, type.fields.contains(where: { $0.type.objectType?.hasConstraints == true }) {
                    type.hasConstraints = true
                    changed = true
                }
                let defaulting = type.fields.indices.filter {
                    type.fields[$0].hasOwnDefault || type.fields[$0].type.objectType?.defaultingFields.isEmpty == false
                }
                if defaulting.count != type.defaultingFields.count {
                    type.defaultingFields = defaulting
                    changed = true
                }
            }
        }
    }
}

extension FieldSchema {
    fileprivate var hasOwnDefault: Bool { defaultValue != nil || defaultRule?.copiedFrom != nil }
    fileprivate var hasOwnConstraints: Bool { isRequired || isUnique || constraints != nil }
}

import APIMachinery
import JSONCore
import LinuxKernel

extension TableLayout {
    static let configMap = TableLayout("Name", "Data", "Age") { object, now in
        let keys = (object["data"]?.objectValue?.count ?? 0) + (object["binaryData"]?.objectValue?.count ?? 0)
        return [.string(object.name), .number(keys), .age(object, now)]
    }

    static let secret = TableLayout("Name", "Type", "Data", "Age") { object, now in
        [
            .string(object.name), .string(Secret(object).type), .number(object["data"]?.objectValue?.count ?? 0),
            .age(object, now),
        ]
    }

    static let roleBinding = TableLayout("Name", "Role", "Age", "wide:Users", "wide:Groups", "wide:ServiceAccounts") { object, now in
        let binding = RoleBinding(object)
        let subjects = binding.subjects
        func names(_ kind: String) -> JSONValue {
            .string(
                subjects.filter { $0.kind == kind }
                    .map { kind == "ServiceAccount" ? "\($0.namespace)/\($0.name)" : $0.name }.joined(separator: ", "))
        }
        return [
            .string(object.name), .string("\(binding.roleKind)/\(binding.roleName)"), .age(object, now), names("User"),
            names("Group"), names("ServiceAccount"),
        ]
    }

    static let dated = TableLayout("Name", "Created At") { object, _ in
        [.string(object.name), .string(object.creationTimestamp?.rfc3339 ?? "")]
    }

    static let aged = TableLayout("Name", "Age") { object, now in
        [.string(object.name), .age(object, now)]
    }
}

internal import APIMachinery
internal import JSONCore

extension ContainerValidation {
    /// What a container may see of its node only under conditions; `hasOwnUsers` when its pod has a user namespace.
    /// Source: `validation.go` ValidateSecurityContext, validateMountPropagation and validateMountRecursiveReadOnly.
    static func isolation(_ container: JSONValue, field: String, hasOwnUsers: Bool) -> [FieldError] {
        var errors: [FieldError] = []
        let security = container["securityContext"]
        if let mount = security?["procMount"], mount.stringValue == "Unmasked", !hasOwnUsers {
            errors.append(.invalid("\(field).securityContext.procMount", mount, "`hostUsers` must be false to use `Unmasked`"))
        }
        for (index, mount) in (container["volumeMounts"]?.arrayValue ?? []).enumerated() {
            let place = "\(field).volumeMounts[\(index)]"
            let propagation = mount["mountPropagation"]?.stringValue ?? "None"
            if propagation == "Bidirectional", security?["privileged"]?.boolValue != true {
                errors.append(.forbidden("\(place).mountPropagation", "Bidirectional mount propagation is available only to privileged containers"))
            }
            guard let below = mount["recursiveReadOnly"]?.stringValue, below != "Disabled" else { continue }
            if mount["readOnly"]?.boolValue != true {
                errors.append(.forbidden("\(place).recursiveReadOnly", "may only be specified when readOnly is true"))
            }
            if propagation != "None" {
                errors.append(.forbidden("\(place).recursiveReadOnly", "may only be specified when mountPropagation is None or not specified"))
            }
        }
        return errors
    }
}

internal import APIMachinery
internal import JSONCore

/// One container of a pod. Source: `pkg/apis/core/validation/validation.go` validateContainerCommon.
enum ContainerValidation {
    /// What is wrong with a container; `gracePeriod` is the pod's.
    static func container(
        _ container: JSONValue, field: String, volumes: Set<String>, isInit: Bool, gracePeriod: Int64
    ) -> [FieldError] {
        var errors: [FieldError] = []
        let name = container["name"]?.stringValue ?? ""
        if name.isEmpty {
            errors.append(.required("\(field).name"))
        } else {
            for why in NameValidation.dnsLabel(name) { errors.append(.invalid("\(field).name", .string(name), why)) }
        }
        let image = container["image"]?.stringValue ?? ""
        if image.isEmpty {
            errors.append(.required("\(field).image"))
        } else if image.utf8.first == 32 || image.utf8.last == 32 {
            errors.append(.invalid("\(field).image", .string(image), "must not have leading or trailing whitespace"))
        }
        if isInit, container["restartPolicy"]?.stringValue != "Always" {
            for probe in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] where !(container[probe]?.isNull ?? true) {
                errors.append(
                    .forbidden("\(field).\(probe)", "may not be set for init containers without restartPolicy=Always"))
            }
        }
        let security = container["securityContext"]
        if security?["privileged"]?.boolValue == true, security?["allowPrivilegeEscalation"]?.boolValue == false {
            errors.append(
                .invalid("\(field).securityContext", security ?? .null, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
        }
        errors += ports(container["ports"]?.arrayValue ?? [], field: "\(field).ports")
        errors += environment(container["env"]?.arrayValue ?? [], field: "\(field).env")
        errors += EnvironmentSourceValidation.sources(container["envFrom"]?.arrayValue ?? [], field: "\(field).envFrom")
        errors += mounts(container["volumeMounts"]?.arrayValue ?? [], field: "\(field).volumeMounts", volumes: volumes)
        errors += devices(
            container["volumeDevices"]?.arrayValue ?? [], field: "\(field).volumeDevices", volumes: volumes,
            mounts: container["volumeMounts"]?.arrayValue ?? [])
        errors += resources(container["resources"], field: "\(field).resources")
        errors += HandlerValidation.lifecycle(container["lifecycle"], field: "\(field).lifecycle", gracePeriod: gracePeriod)
        for (probe, isReadiness) in [("livenessProbe", false), ("readinessProbe", true), ("startupProbe", false)] {
            if let value = container[probe], !value.isNull {
                errors += self.probe(value, field: "\(field).\(probe)", isReadiness: isReadiness)
            }
        }
        return errors
    }

    /// What a debugging container may not have. Source: `validation.go` allowedEphemeralContainerFields.
    static func debugging(_ container: JSONValue, field: String) -> [FieldError] {
        let why = "cannot be set for an Ephemeral Container"
        var errors: [FieldError] = []
        for part in ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resources", "resizePolicy", "restartPolicy"] {
            guard let value = container[part], !value.isNull, value.arrayValue?.isEmpty != true, value.objectValue?.isEmpty != true else { continue }
            errors.append(.forbidden("\(field).\(part)", why))
        }
        for (index, mount) in (container["volumeMounts"]?.arrayValue ?? []).enumerated() {
            for part in ["subPath", "subPathExpr"] where !(mount[part]?.stringValue ?? "").isEmpty {
                errors.append(.forbidden("\(field).volumeMounts[\(index)].\(part)", why))
            }
        }
        return errors
    }

    private static func ports(_ ports: [JSONValue], field: String) -> [FieldError] {
        var errors: [FieldError] = []
        var names: Set<String> = []
        for (index, port) in ports.enumerated() {
            let place = "\(field)[\(index)]"
            if let name = port["name"]?.stringValue, !name.isEmpty {
                for why in ValueValidation.portName(name) { errors.append(.invalid("\(place).name", .string(name), why)) }
                if !names.insert(name).inserted { errors.append(.duplicate("\(place).name", .string(name))) }
            }
            let number = port["containerPort"]?.integerValue ?? 0
            if number == 0 {
                errors.append(.required("\(place).containerPort"))
            } else {
                for why in ValueValidation.portNumber(number) { errors.append(.invalid("\(place).containerPort", .integer(number), why)) }
            }
            if let host = port["hostPort"]?.integerValue, host != 0 {
                for why in ValueValidation.portNumber(host) { errors.append(.invalid("\(place).hostPort", .integer(host), why)) }
            }
        }
        return errors
    }

    private static func environment(_ variables: [JSONValue], field: String) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, variable) in variables.enumerated() {
            let place = "\(field)[\(index)]"
            let name = variable["name"]?.stringValue ?? ""
            if name.isEmpty {
                errors.append(.required("\(place).name"))
            } else {
                for why in ValueValidation.environmentName(name) { errors.append(.invalid("\(place).name", .string(name), why)) }
            }
            guard let source = variable["valueFrom"], !source.isNull else { continue }
            let kinds = (source.objectValue ?? JSONObject()).filter { !$0.value.isNull }
            if let value = variable["value"]?.stringValue, !value.isEmpty {
                errors.append(.invalid("\(place).valueFrom", "", "may not be specified when `value` is not empty"))
            }
            if kinds.isEmpty {
                errors.append(
                    .invalid(
                        "\(place).valueFrom", "",
                        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"))
            }
            if kinds.count > 1 { errors.append(.invalid("\(place).valueFrom", "", "may not have more than one field specified at a time")) }
            for kind in kinds {
                errors += EnvironmentSourceValidation.reference(kind.key, kind.value, field: "\(place).valueFrom.\(kind.key)")
            }
        }
        return errors
    }

    private static func mounts(_ mounts: [JSONValue], field: String, volumes: Set<String>) -> [FieldError] {
        var errors: [FieldError] = []
        var paths: Set<String> = []
        for (index, mount) in mounts.enumerated() {
            let place = "\(field)[\(index)]"
            let name = mount["name"]?.stringValue ?? ""
            if name.isEmpty {
                errors.append(.required("\(place).name"))
            } else if !volumes.contains(name) {
                errors.append(.notFound("\(place).name", .string(name)))
            }
            let path = mount["mountPath"]?.stringValue ?? ""
            if path.isEmpty {
                errors.append(.required("\(place).mountPath"))
            } else if !paths.insert(path).inserted {
                errors.append(.invalid("\(place).mountPath", .string(path), "must be unique"))
            }
            if let sub = mount["subPath"]?.stringValue, !sub.isEmpty {
                errors += VolumeFileValidation.descending(sub, "\(place).subPath")
            }
            if let expression = mount["subPathExpr"]?.stringValue, !expression.isEmpty {
                if !(mount["subPath"]?.stringValue ?? "").isEmpty {
                    errors.append(
                        .invalid("\(place).subPathExpr", .string(expression), "subPathExpr and subPath are mutually exclusive"))
                }
                errors += VolumeFileValidation.descending(expression, "\(place).subPathExpr")
            }
        }
        return errors
    }

    /// Volumes that are given as block devices.
    private static func devices(_ devices: [JSONValue], field: String, volumes: Set<String>, mounts: [JSONValue]) -> [FieldError] {
        var errors: [FieldError] = []
        var paths: Set<String> = []
        var names: Set<String> = []
        for (index, device) in devices.enumerated() {
            let place = "\(field)[\(index)]"
            let (name, path) = (device["name"]?.stringValue ?? "", device["devicePath"]?.stringValue ?? "")
            if name.isEmpty {
                errors.append(.required("\(place).name"))
            } else if !names.insert(name).inserted {
                errors.append(.invalid("\(place).name", .string(name), "must be unique"))
            } else if !volumes.contains(name) {
                errors.append(.notFound("\(place).name", .string(name)))
            } else if mounts.contains(where: { $0["name"]?.stringValue == name }) {
                errors.append(.invalid("\(place).name", .string(name), "must not already exist in volumeMounts"))
            }
            if path.isEmpty {
                errors.append(.required("\(place).devicePath"))
            } else if !paths.insert(path).inserted {
                errors.append(.invalid("\(place).devicePath", .string(path), "must be unique"))
            } else if path.split(separator: "/").contains("..") {
                errors.append(.invalid("\(place).devicePath", .string(path), "must not contain '..'"))
            } else if mounts.contains(where: { $0["mountPath"]?.stringValue == path }) {
                errors.append(.invalid("\(place).devicePath", .string(path), "must not already exist as a path in volumeMounts"))
            }
        }
        return errors
    }

    private static func probe(_ probe: JSONValue, field: String, isReadiness: Bool) -> [FieldError] {
        var errors = HandlerValidation.handler(probe, field: field, gracePeriod: nil)
        if let seconds = probe["terminationGracePeriodSeconds"]?.integerValue {
            if isReadiness {
                let why = "must not be set for readinessProbes"
                errors.append(.invalid("\(field).terminationGracePeriodSeconds", .integer(seconds), why))
            } else if seconds <= 0 {
                errors.append(.invalid("\(field).terminationGracePeriodSeconds", .integer(seconds), "must be greater than 0"))
            }
        }
        for name in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
            guard let number = probe[name]?.integerValue, number < 0 else { continue }
            errors.append(.invalid("\(field).\(name)", .integer(number), "must be greater than or equal to 0"))
        }
        if !isReadiness, let successes = probe["successThreshold"]?.integerValue, successes != 1 {
            errors.append(.invalid("\(field).successThreshold", .integer(successes), "must be 1"))
        }
        return errors
    }
}

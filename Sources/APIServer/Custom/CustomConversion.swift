internal import APIMachinery
internal import JSONCore

/// Custom resources in one of their versions: what is stored in any of them is given the wanted `apiVersion`, the defaults of the
/// version it was stored in, and loses what the wanted version's schema does not have. Source: apiextensions-apiserver
/// `pkg/apiserver/conversion`, strategy None.
struct CustomConversion: VersionConversion {
    let storageGroup: String
    /// The apiVersion of the endpoint.
    let apiVersion: String
    /// The apiVersion that objects are stored in.
    let storageVersion: String
    /// Every version's type, by apiVersion.
    let types: [String: CustomType]

    func served(_ stored: JSONValue) -> JSONValue {
        var value = stored
        let source = value["apiVersion"]?.stringValue ?? storageVersion
        if let type = types[source] ?? types[storageVersion], let filled = type.defaulted(value) { value = filled }
        return turn(value, into: apiVersion)
    }

    /// Verbs work in the endpoint's version; only ``saved(_:)`` leaves it.
    func stored(_ served: JSONValue) -> JSONValue { served }

    func loaded(_ stored: JSONValue) -> JSONValue { served(stored) }

    func saved(_ object: JSONValue) -> JSONValue { turn(object, into: storageVersion) }

    func isCurrent(_ stored: JSONValue) -> Bool { stored["apiVersion"]?.stringValue == storageVersion }

    private func turn(_ value: JSONValue, into version: String) -> JSONValue {
        var value = value
        if value["apiVersion"]?.stringValue != version { value["apiVersion"] = .string(version) }
        return types[version]?.pruned(value) ?? value
    }
}

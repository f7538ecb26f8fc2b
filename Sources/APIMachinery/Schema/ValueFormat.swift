/// A named rule for the text or number of a field.
package enum ValueFormat: String, Sendable, Hashable {
    /// RFC 1123 label.
    case dnsLabel
    /// RFC 1123 subdomain.
    case dnsSubdomain
    /// RFC 1035 label.
    case dns1035Label
    /// Name with optional DNS prefix.
    case qualifiedName
    /// Value of a label.
    case labelValue
    /// 1 to 65535; text in an intOrString is a port name.
    case portNumber
    /// Name of a port.
    case portName
    /// Name of an environment variable.
    case envVarName
    /// Key of a ConfigMap or Secret.
    case configMapKey
    /// Path from the root without `..`.
    case absolutePath
    /// IPv4 or IPv6 address.
    case ip
    /// Keys and values of a map are labels.
    case labels
    /// Address of a resource; shown only, not checked.
    case uri

    /// What is wrong with a text; nothing when it is empty or valid.
    func problems(_ text: String) -> [String] {
        if text.isEmpty { return [] }
        return switch self {
        case .dnsLabel: NameValidation.dnsLabel(text)
        case .dnsSubdomain: NameValidation.dnsSubdomain(text)
        case .dns1035Label: NameValidation.dns1035Label(text)
        case .qualifiedName: NameValidation.qualifiedName(text)
        case .labelValue: LabelValidation.valueProblems(text)
        case .portNumber, .portName: ValueValidation.portName(text)
        case .envVarName: ValueValidation.environmentName(text)
        case .configMapKey: ValueValidation.configMapKey(text)
        case .absolutePath: ValueValidation.absolutePath(text)
        case .ip: ValueValidation.address(text)
        case .labels, .uri: []
        }
    }
}

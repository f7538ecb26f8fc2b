internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// One served resource: its description, its rules and where its objects are stored.
final class ResourceEndpoint: Sendable {
    let descriptor: ResourceDescriptor
    let strategy: any ResourceStrategy
    /// The group its objects are stored under; that of another resource when both show the same objects.
    let storageGroup: String
    /// How the stored form differs from the served one; nil when it does not.
    let conversion: (any VersionConversion)?
    /// Whether the type has a `status` of its own path.
    let hasStatus: Bool
    /// What a custom resource has beyond this; nil for built-in kinds.
    let custom: CustomServing?

    init(
        _ descriptor: ResourceDescriptor, strategy: any ResourceStrategy, conversion: (any VersionConversion)? = nil,
        custom: CustomServing? = nil
    ) {
        self.custom = custom
        self.descriptor = descriptor
        self.strategy = strategy
        self.conversion = conversion
        storageGroup = conversion?.storageGroup ?? descriptor.group
        hasStatus = descriptor.subresource("status") != nil
    }

    /// Where one object lies.
    func key(namespace: String?, name: String) -> ObjectKey {
        ObjectKey(group: storageGroup, resource: descriptor.plural, namespace: descriptor.isNamespaced ? namespace : nil, name: name)
    }

    /// What the keys of a list start with.
    func prefix(namespace: String?) -> String {
        ObjectKey.prefix(group: storageGroup, resource: descriptor.plural, namespace: descriptor.isNamespaced ? namespace : nil)
    }
}

/// The same objects in another group's words.
protocol VersionConversion: Sendable {
    /// The group objects are stored under.
    var storageGroup: String { get }
    /// From the stored form to the served one.
    func served(_ stored: JSONValue) -> JSONValue
    /// From the served form to the stored one.
    func stored(_ served: JSONValue) -> JSONValue
    /// The form that a change starts from, of what is in the store; by default the stored one.
    func loaded(_ stored: JSONValue) -> JSONValue
    /// The form that goes to the store, of what a change made; by default the same.
    func saved(_ object: JSONValue) -> JSONValue
    /// Whether what is in the store would be stored in the same form today; by default it would.
    func isCurrent(_ stored: JSONValue) -> Bool
}

extension VersionConversion {
    func loaded(_ stored: JSONValue) -> JSONValue { stored }
    func saved(_ object: JSONValue) -> JSONValue { object }
    func isCurrent(_ stored: JSONValue) -> Bool { true }
}

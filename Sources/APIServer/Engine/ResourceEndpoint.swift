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

    init(_ descriptor: ResourceDescriptor, strategy: any ResourceStrategy, conversion: (any VersionConversion)? = nil) {
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
}

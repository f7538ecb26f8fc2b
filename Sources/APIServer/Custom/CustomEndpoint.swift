internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import Synchronization

/// What a custom resource's endpoint has beyond that of a built-in one.
struct CustomServing: Sendable {
    let columns: CustomColumns
    let scale: ScalePaths?
    /// What clients are told who use the version; nil when it is not deprecated.
    let warning: String?
    /// Why the version cannot be served although its definition says so; nil when it can.
    let refusal: APIStatus?
    let lifetime: ServingLifetime
    /// What creates pass on their way to the store.
    let creations: CreationGate
}

extension WarningHeader {
    /// A way to answer that adds a warning to every answer.
    static func adding(_ warning: String, to reply: @escaping @Sendable (APIResponse) -> Void) -> @Sendable (APIResponse) -> Void {
        { response in
            var response = response
            response.headers.append(("warning", text(warning)))
            reply(response)
        }
    }
}

/// One served version of a custom resource. Its names are there at once, for discovery; its types are made when it is first used.
final class CustomEndpoint: Sendable {
    /// The resource with a type that only names its schema.
    let descriptor: ResourceDescriptor
    let lifetime = ServingLifetime()
    private let creations: CreationGate
    private let definition: CustomDefinition
    private let version: CustomVersion
    private let types: [String: CustomType]
    private let registry: SchemaRegistry
    private let made = Mutex<ResourceEndpoint?>(nil)

    private static let verbs: Set<String> = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]

    /// The endpoints of every version of a definition under its accepted names, by version; those that are not served are there too.
    static func all(
        _ definition: CustomDefinition, _ names: CustomNames, _ creations: CreationGate, registry: SchemaRegistry
    ) -> [String: CustomEndpoint] {
        var stubs: [(CustomVersion, TypeSchema)] = []
        for version in definition.versions {
            let gvk = GroupVersionKind(group: definition.group, version: version.name, kind: names.kind)
            guard let type = CustomTypes.make(gvk, schema: version.schema, registry: registry, isComplete: false) else { continue }
            stubs.append((version, type))
        }
        var types: [String: CustomType] = [:]
        for (version, type) in stubs { types["\(definition.group)/\(version.name)"] = type.custom }
        var endpoints: [String: CustomEndpoint] = [:]
        for (version, type) in stubs {
            endpoints[version.name] = CustomEndpoint(
                definition, version, names, creations, stub: type, types: types, registry: registry)
        }
        return endpoints
    }

    private init(
        _ definition: CustomDefinition, _ version: CustomVersion, _ names: CustomNames, _ creations: CreationGate, stub: TypeSchema,
        types: [String: CustomType], registry: SchemaRegistry
    ) {
        self.creations = creations
        self.definition = definition
        self.version = version
        self.types = types
        self.registry = registry
        descriptor = Self.descriptor(definition, version, names, type: stub, registry: registry)
    }

    /// What requests are served with.
    var endpoint: ResourceEndpoint {
        made.withLock { made in
            if let endpoint = made { return endpoint }
            let endpoint = make()
            made = endpoint
            return endpoint
        }
    }

    private func make() -> ResourceEndpoint {
        let stub = descriptor.type
        let type =
            CustomTypes.make(descriptor.gvk, schema: version.schema, registry: registry, isComplete: true, sharing: stub) ?? stub
        let storage = definition.storage?.name ?? version.name
        let conversion = CustomConversion(
            storageGroup: definition.group, apiVersion: descriptor.groupVersion.apiVersion, storageVersion: "\(definition.group)/\(storage)",
            types: types)
        return ResourceEndpoint(
            descriptor.with(type: type), strategy: CustomResourceStrategy(scale: version.scale, creations: creations),
            conversion: conversion,
            custom: CustomServing(
                columns: CustomColumns(version.columns), scale: version.scale, warning: version.warning, refusal: refusal(storage),
                lifetime: lifetime, creations: creations))
    }

    /// Versions that a web service would have to convert are refused rather than shown wrong.
    private func refusal(_ storage: String) -> APIStatus? {
        guard definition.usesWebhook, version.name != storage else { return nil }
        let why = "conversion webhooks are not called by this kdash; use version \(storage), which objects are stored in"
        return .internalError("conversion webhook for \(definition.group)/\(version.name), Kind=\(definition.names.kind) failed: \(why)")
    }

    private static func descriptor(
        _ definition: CustomDefinition, _ version: CustomVersion, _ names: CustomNames, type: TypeSchema, registry: SchemaRegistry
    ) -> ResourceDescriptor {
        let gvk = GroupVersionKind(group: definition.group, version: version.name, kind: names.kind)
        var subresources: [Subresource] = []
        let verbs: Set<String> = ["get", "patch", "update"]
        if version.hasStatus { subresources.append(Subresource(name: "status", kind: gvk, verbs: verbs, type: type)) }
        if version.scale != nil {
            let scale = GroupVersionKind(group: "autoscaling", version: "v1", kind: "Scale")
            subresources.append(Subresource(name: "scale", kind: scale, verbs: verbs, type: registry.type(kind: scale)))
        }
        let listKind = GroupVersionKind(group: definition.group, version: version.name, kind: names.listKind)
        return ResourceDescriptor(
            kind: gvk, plural: names.plural, singular: names.singular, shortNames: names.shortNames, categories: names.categories,
            isNamespaced: definition.isNamespaced, verbs: Self.verbs, subresources: subresources, selectableFields: version.selectable,
            type: type, listType: CustomTypes.makeList(of: type, listKind, registry: registry))
    }
}

extension ResourceDescriptor {
    /// The same resource with another type.
    fileprivate func with(type: TypeSchema) -> ResourceDescriptor {
        ResourceDescriptor(
            kind: gvk, plural: plural, singular: singular, shortNames: shortNames, categories: categories, isNamespaced: isNamespaced,
            verbs: verbs, subresources: subresources, selectableFields: selectableFields, type: type, listType: listType)
    }
}

internal import APIMachinery
internal import JSONCore
internal import Synchronization

/// What was made of one set of kinds: small documents as they are, and of large ones their tags, by which clients keep them.
final class DocumentCache: Sendable {
    struct Document: Sendable {
        var bytes: [UInt8]
        var tag: String
    }

    /// The forms of the OpenAPI v2 document.
    enum Swagger: Sendable {
        case json
        case protobuf
    }

    private struct State {
        var registry: SchemaRegistry
        var documents: [String: Document] = [:]
        /// The tags of `/openapi/v2`.
        var swaggerTags: [Swagger: String] = [:]
        /// The tag of each group version's OpenAPI v3 document, with the resources it was made of: those of built-in groups outlive
        /// every change of the custom ones.
        var tags: [GroupVersion: (resources: [ResourceDescriptor], tag: String)] = [:]
    }

    private let state: Mutex<State>

    init(_ registry: SchemaRegistry) { state = Mutex(State(registry: registry)) }

    /// A small document, made when it is first asked for.
    func document(
        _ name: String, _ registry: SchemaRegistry, _ make: () throws(APIStatus) -> JSONValue
    ) throws(APIStatus) -> Document {
        if let document = state.withLock({ $0.registry === registry ? $0.documents[name] : nil }) { return document }
        let bytes = JSON.encode(try make())
        let document = Document(bytes: bytes, tag: ContentTag.of(bytes))
        update(registry) { $0.documents[name] = document }
        return document
    }

    /// The tag of the OpenAPI v2 document, if it is known.
    func tag(_ form: Swagger, _ registry: SchemaRegistry) -> String? {
        state.withLock { $0.registry === registry ? $0.swaggerTags[form] : nil }
    }

    /// Remembers the tag of the OpenAPI v2 document.
    func setTag(_ tag: String, of form: Swagger, _ registry: SchemaRegistry) { update(registry) { $0.swaggerTags[form] = tag } }

    /// The tag of a group version's OpenAPI v3 document; `make` gives its bytes when it is not known.
    func tag(_ groupVersion: GroupVersion, _ registry: SchemaRegistry, _ make: () -> [UInt8]) -> String {
        let resources = registry.resources(of: groupVersion)
        let known = state.withLock { $0.tags[groupVersion] }
        if let known, known.resources.elementsEqual(resources, by: ===) { return known.tag }
        let tag = ContentTag.of(make())
        update(registry) { $0.tags[groupVersion] = (resources, tag) }
        return tag
    }

    private func update(_ registry: SchemaRegistry, _ change: (inout State) -> Void) {
        state.withLock { state in
            if state.registry !== registry {
                let served = Set(OpenAPIV3.groupVersions(registry))
                state = State(registry: registry, tags: state.tags.filter { served.contains($0.key) })
            }
            change(&state)
        }
    }
}

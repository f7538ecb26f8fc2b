internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import KubeSchemas
internal import LinuxKernel
internal import Logging
internal import ObjectStore

/// Writes objects in the form a client asked for.
struct ObjectRenderer: Sendable {
    let endpoint: ResourceEndpoint
    let choice: Negotiation.Choice
    let registry: SchemaRegistry
    /// What a Table row carries of its object: `None`, `Metadata` or `Object`.
    let includeObject: String
    let now: Timestamp
    let logger: Logger

    /// Reads Accept and `includeObject`. Throws NotAcceptable, and for kinds that have no rows. `isList` says whether the answer is a list, nil
    /// when that is not settled.
    init(_ context: RequestContext, isList: Bool? = nil) throws(APIStatus) {
        endpoint = context.endpoint
        choice = try Negotiation.choose(
            context.request, hasProtobuf: endpoint.custom == nil && endpoint.descriptor.type.hasProtobuf, isList: isList)
        registry = context.core.registry
        includeObject = context.request.queryValue("includeObject") ?? "Metadata"
        guard ["", "None", "Metadata", "Object"].contains(includeObject) else {
            throw .badRequest("unrecognized includeObject value: \(includeObject.goQuoted)")
        }
        now = context.now
        logger = context.core.logger
    }

    /// Notes that an answer goes without an object that cannot be read or written: a get of it says so, and breaks nothing else.
    func leaveOut(_ key: ObjectKey, _ error: APIStatus) { Self.leaveOut(key, error, logger) }

    static func leaveOut(_ key: ObjectKey, _ error: APIStatus, _ logger: Logger) {
        logger.error("an answer leaves out an object that cannot be shown", metadata: ["key": "\(key.string)", "error": "\(error.message)"])
    }

    /// Whether answers are made of stored bytes, without reading them as values. In protobuf that holds for metadata too: it is what is
    /// written of the whole object.
    var isPlain: Bool { endpoint.conversion == nil && (choice.form == .object || (choice.form == .metadata && choice.encoding == .protobuf)) }

    /// The answer for one stored object.
    func response(_ stored: StoredObject, status: Int = 200, warnings: [String] = []) throws(APIStatus) -> APIResponse {
        let headers = WarningHeader.fields(warnings)
        guard isPlain, !choice.isYAML else {
            return respond(try render(ObjectCoding.decode(stored), isFirst: true), status: status, headers: headers)
        }
        guard choice.encoding == .protobuf else { return APIResponse(status: status, headers: headers, body: .bytes(stored.rendered)) }
        return APIResponse(
            status: status, contentType: choice.encoding.contentType, headers: headers, body: .bytes(try binary(stored.rendered)))
    }

    /// The answer for one object that is at hand as a value.
    func response(_ object: KubeObject, status: Int = 200, warnings: [String] = []) -> APIResponse {
        respond(render(object, isFirst: true), status: status, headers: WarningHeader.fields(warnings))
    }

    /// A document as negotiated.
    func respond(_ value: JSONValue, status: Int = 200, headers: [(String, String)] = []) -> APIResponse {
        func response(_ body: [UInt8]) -> APIResponse {
            APIResponse(status: status, contentType: choice.encoding.contentType, headers: headers, body: .bytes(body))
        }
        switch choice.encoding {
        case .json: return response(JSON.encode(value))
        case .yaml: return response(Array(YAML.encode(value).utf8))
        case .protobuf:
            do throws(APIStatus) { return response(try binary(value)) } catch { return ResponseMaking.status(error) }
        }
    }

    /// One stored-form object in the asked form. `isFirst` says whether a Table names its columns.
    func render(_ object: KubeObject, isFirst: Bool) -> JSONValue {
        let served = served(object)
        switch choice.form {
        case .object: return served.value
        case .metadata: return partial(served)
        case .table(let version):
            return table([served], version: version, metadata: ["resourceVersion": .string(served.resourceVersion)], hasColumns: isFirst)
        }
    }

    /// The object in the words of the endpoint, as clients see it.
    func served(_ object: KubeObject) -> KubeObject {
        let object = ObjectCoding.expand(object)
        return endpoint.conversion.map { KubeObject($0.served(object.value)) } ?? object
    }

    /// The metadata of an object as `PartialObjectMetadata`.
    func partial(_ object: KubeObject) -> JSONValue {
        ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.value["metadata"] ?? .object(JSONObject())]
    }

    /// The definitions of a Table's columns.
    private var columns: [JSONValue] {
        if let custom = endpoint.custom { return custom.columns.definitions.map(\.value) }
        return TablePrinter.columns(for: endpoint.descriptor).map { column in
            [
                "name": .string(column.name), "type": .string(column.type), "format": .string(column.format),
                "description": .string(column.description), "priority": .integer(Int64(column.priority)),
            ]
        }
    }

    private func cells(_ object: KubeObject) -> [JSONValue] {
        guard let custom = endpoint.custom else { return TablePrinter.cells(object, descriptor: endpoint.descriptor, now: now) }
        return custom.columns.cells(object) { HumanDuration.since($0, now: now) }
    }

    /// A Table of served-form objects.
    func table(_ objects: [KubeObject], version: String, metadata: JSONObject, hasColumns: Bool) -> JSONValue {
        let columns = hasColumns ? columns : []
        let rows = objects.map { object -> JSONValue in
            var row: JSONObject = ["cells": .array(cells(object))]
            switch includeObject {
            case "None": break
            case "Object": row["object"] = object.value
            default: row["object"] = partial(object)
            }
            return .object(row)
        }
        return [
            "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": .object(metadata),
            "columnDefinitions": .array(columns), "rows": .array(rows),
        ]
    }
}

/// The `Warning` header. Source: RFC 9111, apimachinery `net/http.go` NewWarningHeader.
enum WarningHeader {
    /// How long all warnings of an answer may be, and each of them where they are longer. Source: apiserver `pkg/endpoints/filters/warning.go`.
    private static let most = 4096
    private static let mostOfOne = 256

    /// The headers of warnings, cut when they are too many to be carried.
    static func fields(_ warnings: [String]) -> [(String, String)] {
        guard warnings.reduce(0, { $0 + $1.utf8.count }) > most else { return warnings.map { ("warning", text($0)) } }
        var left = most
        var fields: [(String, String)] = []
        for warning in warnings {
            let cut = String(warning.unicodeScalars.prefix(mostOfOne))
            left -= cut.utf8.count
            guard left >= 0 else { break }
            fields.append(("warning", text(cut)))
        }
        return fields
    }

    /// `299 - "text"`.
    static func text(_ warning: String) -> String {
        var out = "299 - \""
        for scalar in warning.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { out += "\\" }
            out.unicodeScalars.append(scalar.value < 32 ? " " : scalar)
        }
        return "\(out)\""
    }
}

package import JSONCore

extension OpenAPIV2 {
    /// The media type of the binary form, as answers name it.
    package static let protobufMediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    /// The media types that clients ask for the binary form by.
    package static let protobufMediaTypes = [protobufMediaType, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"]

    /// The binary form of a document. Source: gnostic `openapiv2/OpenAPIv2.proto`.
    package static func protobuf(_ document: JSONValue) -> [UInt8] { SwaggerEncoder.document(document).bytes }
}

/// Writes a Swagger document as gnostic's messages.
private enum SwaggerEncoder {
    static func document(_ document: JSONValue) -> ProtobufWriter {
        var writer = ProtobufWriter()
        writer.text(1, document["swagger"])
        var info = ProtobufWriter()
        info.text(1, document["info"]?["title"])
        info.text(2, document["info"]?["version"])
        writer.delimited(2, info.bytes)
        var paths = ProtobufWriter()
        for path in members(document["paths"]) { paths.named(2, path.key, pathItem(path.value)) }
        writer.delimited(8, paths.bytes)
        var definitions = ProtobufWriter()
        for definition in members(document["definitions"]) { definitions.named(1, definition.key, schema(definition.value)) }
        writer.delimited(9, definitions.bytes)
        return writer
    }

    private static func members(_ value: JSONValue?) -> JSONObject { value?.objectValue ?? JSONObject() }

    private static let methods = ["get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8]

    private static func pathItem(_ item: JSONValue) -> ProtobufWriter {
        var writer = ProtobufWriter()
        for member in members(item) {
            if let number = methods[member.key] { writer.delimited(number, operation(member.value).bytes) }
        }
        for parameter in item["parameters"]?.arrayValue ?? [] { writer.delimited(9, self.parameter(parameter).bytes) }
        return writer
    }

    private static func operation(_ operation: JSONValue) -> ProtobufWriter {
        var writer = ProtobufWriter()
        writer.texts(1, operation["tags"])
        writer.text(3, operation["description"])
        writer.text(5, operation["operationId"])
        writer.texts(6, operation["produces"])
        writer.texts(7, operation["consumes"])
        for parameter in operation["parameters"]?.arrayValue ?? [] { writer.delimited(8, self.parameter(parameter).bytes) }
        var responses = ProtobufWriter()
        for response in members(operation["responses"]) {
            var value = ProtobufWriter()
            value.text(1, response.value["description"])
            if let schema = response.value["schema"] { value.nested([2, 1], self.schema(schema)) }
            var choice = ProtobufWriter()
            choice.delimited(1, value.bytes)
            responses.named(1, response.key, choice)
        }
        writer.delimited(9, responses.bytes)
        writer.texts(10, operation["schemes"])
        writer.extensions(13, members(operation))
        return writer
    }

    private static func parameter(_ parameter: JSONValue) -> ProtobufWriter {
        var writer = ProtobufWriter()
        var inner = ProtobufWriter()
        if parameter["in"] == "body" {
            inner.text(2, parameter["name"])
            inner.text(3, parameter["in"])
            inner.flag(4, parameter["required"])
            if let schema = parameter["schema"] { inner.delimited(5, self.schema(schema).bytes) }
            writer.nested([1, 1], inner)
        } else {
            let isPath = parameter["in"] == "path"
            inner.flag(1, parameter["required"])
            inner.text(2, parameter["in"])
            inner.text(3, parameter["description"])
            inner.text(4, parameter["name"])
            inner.text(isPath ? 5 : 6, parameter["type"])
            writer.nested([1, 2, isPath ? 4 : 3], inner)
        }
        return writer
    }

    private static func schema(_ schema: JSONValue) -> ProtobufWriter {
        var writer = ProtobufWriter()
        for member in members(schema) {
            let value = member.value
            switch member.key {
            case "$ref": writer.text(1, value)
            case "format": writer.text(2, value)
            case "title": writer.text(3, value)
            case "description": writer.text(4, value)
            case "default": writer.any(5, value)
            case "multipleOf": writer.number(6, value)
            case "maximum": writer.number(7, value)
            case "exclusiveMaximum": writer.flag(8, value)
            case "minimum": writer.number(9, value)
            case "exclusiveMinimum": writer.flag(10, value)
            case "maxLength": writer.integer(11, value)
            case "minLength": writer.integer(12, value)
            case "pattern": writer.text(13, value)
            case "maxItems": writer.integer(14, value)
            case "minItems": writer.integer(15, value)
            case "uniqueItems": writer.flag(16, value)
            case "maxProperties": writer.integer(17, value)
            case "minProperties": writer.integer(18, value)
            case "required": writer.texts(19, value)
            case "enum": for item in value.arrayValue ?? [] { writer.any(20, item) }
            case "additionalProperties":
                var item = ProtobufWriter()
                if let flag = value.boolValue { item.varint(2, flag ? 1 : 0) } else { item.delimited(1, self.schema(value).bytes) }
                writer.delimited(21, item.bytes)
            case "type":
                var item = ProtobufWriter()
                item.text(1, value)
                writer.delimited(22, item.bytes)
            case "items": writer.nested([23, 1], self.schema(value))
            case "properties":
                var properties = ProtobufWriter()
                for property in members(value) { properties.named(1, property.key, self.schema(property.value)) }
                writer.delimited(25, properties.bytes)
            default: break
            }
        }
        writer.extensions(31, members(schema))
        return writer
    }
}

extension ProtobufWriter {
    fileprivate mutating func text(_ number: Int, _ value: JSONValue?) {
        if let text = value?.stringValue, !text.isEmpty { string(number, text) }
    }

    fileprivate mutating func texts(_ number: Int, _ value: JSONValue?) {
        for item in value?.arrayValue ?? [] { text(number, item) }
    }

    fileprivate mutating func flag(_ number: Int, _ value: JSONValue?) {
        if value?.boolValue == true { varint(number, 1) }
    }

    fileprivate mutating func integer(_ number: Int, _ value: JSONValue) {
        if let integer = value.integerValue { varint(number, UInt64(bitPattern: integer)) }
    }

    fileprivate mutating func number(_ number: Int, _ value: JSONValue) {
        if let double = value.doubleValue { fixed64(number, double.bitPattern) }
    }

    /// Any JSON, as YAML text, which JSON is.
    fileprivate mutating func any(_ number: Int, _ value: JSONValue) {
        var any = ProtobufWriter()
        any.delimited(2, JSON.encode(value))
        delimited(number, any.bytes)
    }

    /// A message with a name and a value.
    fileprivate mutating func named(_ number: Int, _ name: String, _ value: ProtobufWriter) {
        var pair = ProtobufWriter()
        pair.string(1, name)
        pair.delimited(2, value.bytes)
        delimited(number, pair.bytes)
    }

    /// A message inside others that hold nothing else, outermost number first.
    fileprivate mutating func nested(_ numbers: [Int], _ value: ProtobufWriter) {
        var inner = value
        for number in numbers.dropFirst().reversed() {
            var outer = ProtobufWriter()
            outer.delimited(number, inner.bytes)
            inner = outer
        }
        delimited(numbers[0], inner.bytes)
    }

    /// The members whose names start with `x-`.
    fileprivate mutating func extensions(_ number: Int, _ members: JSONObject) {
        for member in members where member.key.hasPrefix("x-") {
            var any = ProtobufWriter()
            any.delimited(2, JSON.encode(member.value))
            named(number, member.key, any)
        }
    }
}

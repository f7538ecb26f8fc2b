import JSONCore
import Testing

@testable import APIMachinery

/// Schemas and objects are written as JSON text.
private func parsed(_ text: String) throws -> JSONValue { try JSON.parse(text) }

@Suite struct StructuralSchemaTests {
    private func errors(_ schema: String, _ value: String, old: String? = nil) throws -> [String] {
        let schema = StructuralSchema(try parsed("{\"type\":\"object\",\"properties\":{\"spec\":\(schema)}}"))
        let old = try old.map { try parsed("{\"spec\":\($0)}") }
        var validator = CustomValidator()
        validator.check(try parsed("{\"spec\":\(value)}"), schema, old: old)
        return validator.errors.map(\.description)
    }

    @Test(arguments: [
        (#"{"type":"integer"}"#, #""a""#, #"spec: Invalid value: "string": spec in body must be of type integer: "string""#),
        (#"{"type":"string"}"#, "5", #"spec: Invalid value: "integer": spec in body must be of type string: "integer""#),
        (#"{"type":"integer"}"#, "1.5", #"spec: Invalid value: "number": spec in body must be of type integer: "number""#),
        (#"{"type":"string"}"#, "null", #"spec: Invalid value: "null": spec in body must be of type string: "null""#),
        (#"{"type":"object"}"#, "[]", #"spec: Invalid value: "array": spec in body must be of type object: "array""#),
        (#"{"x-kubernetes-int-or-string":true}"#, "true", #"spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean""#),
        (#"{"type":"integer","maximum":10}"#, "11", "spec: Invalid value: 11: spec in body should be less than or equal to 10"),
        (#"{"type":"integer","minimum":1}"#, "0", "spec: Invalid value: 0: spec in body should be greater than or equal to 1"),
        (#"{"type":"integer","maximum":10,"exclusiveMaximum":true}"#, "10", "spec: Invalid value: 10: spec in body should be less than 10"),
        (#"{"type":"number","minimum":0.5,"exclusiveMinimum":true}"#, "0.5", "spec: Invalid value: 0.5: spec in body should be greater than 0.5"),
        (#"{"type":"integer","multipleOf":3}"#, "7", "spec: Invalid value: 7: spec in body should be a multiple of 3"),
        (#"{"type":"string","maxLength":2}"#, #""abc""#, "spec: Too long: may not be more than 2 bytes"),
        (#"{"type":"string","minLength":2}"#, #""a""#, #"spec: Invalid value: "a": spec in body should be at least 2 chars long"#),
        (#"{"type":"string","pattern":"^a+$"}"#, #""b""#, #"spec: Invalid value: "b": spec in body should match '^a+$'"#),
        (#"{"type":"string","enum":["Up","Down"]}"#, #""Side""#, #"spec: Unsupported value: "Side": supported values: "Up", "Down""#),
        (#"{"type":"integer","enum":[1,2]}"#, "3", #"spec: Unsupported value: 3: supported values: "1", "2""#),
        (#"{"type":"string","format":"date-time"}"#, #""now""#, #"spec: Invalid value: "now": spec in body must be of type date-time: "now""#),
        (#"{"type":"string","format":"ipv4"}"#, #""1.2.3""#, #"spec: Invalid value: "1.2.3": spec in body must be of type ipv4: "1.2.3""#),
        (#"{"type":"array","maxItems":1,"items":{"type":"integer"}}"#, "[1,2]", "spec: Too many: 2: must have at most 1 item"),
        (#"{"type":"array","minItems":2,"items":{"type":"integer"}}"#, "[1]", "spec: Invalid value: [1]: spec in body should have at least 2 items"),
        (#"{"type":"array","items":{"type":"object","required":["name"]}}"#, "[{}]", "spec[0].name: Required value"),
        (#"{"type":"object","maxProperties":1}"#, #"{"a":1,"b":2}"#, "spec: Too many: 2: must have at most 1 item"),
        (#"{"type":"object","minProperties":1}"#, "{}", "spec: Invalid value: {}: spec in body should have at least 1 properties"),
        (
            #"{"type":"object","additionalProperties":{"type":"integer"}}"#, #"{"a":"x"}"#,
            #"spec.a: Invalid value: "string": spec.a in body must be of type integer: "string""#
        ),
        (#"{"type":"integer","not":{"minimum":5}}"#, "6", #"<nil>: Invalid value: "": "spec" must not validate the schema (not)"#),
    ])
    func `a value that breaks a rule is refused in Kubernetes' words`(_ schema: String, _ value: String, _ expected: String) throws {
        #expect(try errors(schema, value) == [expected])
    }

    @Test(arguments: [
        (#"{"type":"integer"}"#, "3.0"), (#"{"type":"string","nullable":true}"#, "null"), (#"{"x-kubernetes-int-or-string":true}"#, #""50%""#),
        (#"{"x-kubernetes-preserve-unknown-fields":true}"#, #"[{"a":null}]"#), (#"{"type":"number","multipleOf":0.1}"#, "0.3"),
        (#"{"type":"string","maxLength":1}"#, #""é""#), (#"{"type":"string","format":"made-up"}"#, #""x""#),
        (#"{"type":"object","anyOf":[{"required":["a"]},{"required":["b"]}]}"#, #"{"b":1}"#), (#"{"type":"string","format":"duration"}"#, #""1h30m""#),
        (#"{"type":"string","format":"uuid"}"#, #""123e4567-e89b-12d3-a456-426614174000""#), (#"{"type":"string","format":"uri"}"#, #""https://x/y""#),
        (#"{"type":"string","format":"cidr"}"#, #""10.0.0.0/8""#), (#"{"type":"string","format":"byte"}"#, #""aGk=""#),
    ])
    func `a value that keeps the rules is accepted`(_ schema: String, _ value: String) throws {
        #expect(try errors(schema, value).isEmpty)
    }

    @Test func `alternatives say what comes closest`() throws {
        let any = try errors(#"{"type":"object","anyOf":[{"required":["a"]},{"required":["b","c"]}]}"#, "{}")
        #expect(any == [#"<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)"#, "spec.a: Required value"])
        let none = try errors(#"{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}"#, "{}")
        #expect(none.first == #"<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid"#)
        let two = try errors(#"{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}"#, #"{"a":1,"b":1}"#)
        #expect(two == [#"<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives"#])
        let all = try errors(#"{"type":"integer","allOf":[{"minimum":5},{"maximum":3}]}"#, "4")
        #expect(all.last == #"<nil>: Invalid value: "": "spec" must validate all the schemas (allOf). None validated"#)
    }

    @Test func `what did not change is not refused again`() throws {
        let schema = #"{"type":"object","properties":{"a":{"type":"string","maxLength":1},"b":{"type":"string","maxLength":1}}}"#
        #expect(try errors(schema, #"{"a":"long","b":"x"}"#, old: #"{"a":"long"}"#).isEmpty)
        #expect(try errors(schema, #"{"a":"longer"}"#, old: #"{"a":"long"}"#) == ["spec.a: Too long: may not be more than 1 byte"])
        let list =
            #"{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","properties":{"k":{"type":"string"},"v":{"type":"integer","maximum":1}}}}"#
        #expect(try errors(list, #"[{"k":"b","v":1},{"k":"a","v":9}]"#, old: #"[{"k":"a","v":9}]"#).isEmpty)
    }

    private func pruned(_ schema: String, _ value: String) throws -> (JSONValue, [String]) {
        var pruning = CustomPruning()
        let value = try parsed(value)
        let result = pruning.prune(root: value.objectValue ?? JSONObject(), StructuralSchema(try parsed(schema)))
        return (result.map { .object($0) } ?? value, pruning.unknown)
    }

    @Test func `unknown fields are removed and named`() throws {
        let schema =
            #"{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"integer"},"list":{"type":"array","items":{"type":"object","properties":{"x":{"type":"integer"}}}},"map":{"type":"object","additionalProperties":{"type":"object","properties":{"y":{"type":"integer"}}}}}}}}"#
        let value =
            #"{"apiVersion":"v1","kind":"K","metadata":{"name":"n","odd":1},"top":1,"spec":{"a":1,"b":2,"list":[{"x":1,"z":2}],"map":{"k":{"y":1,"w":{"deep":1}}}}}"#
        let (result, unknown) = try pruned(schema, value)
        #expect(result == (try parsed(#"{"apiVersion":"v1","kind":"K","metadata":{"name":"n","odd":1},"spec":{"a":1,"list":[{"x":1}],"map":{"k":{"y":1}}}}"#)))
        #expect(Set(unknown) == ["top", "spec.b", "spec.list[0].z", "spec.map.k.w"])
    }

    @Test func `what a schema says to keep is kept, but described parts are still pruned`() throws {
        let schema =
            #"{"type":"object","properties":{"raw":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"known":{"type":"object","properties":{"a":{"type":"integer"}}}}},"any":{"x-kubernetes-preserve-unknown-fields":true}}}"#
        let (result, unknown) = try pruned(schema, #"{"raw":{"free":{"b":1},"known":{"a":1,"b":2}},"any":[{"c":{"d":1}}]}"#)
        #expect(result == (try parsed(#"{"raw":{"free":{"b":1},"known":{"a":1}},"any":[{"c":{"d":1}}]}"#)))
        #expect(unknown == ["raw.known.b"])
    }

    @Test func `defaults are filled in where their parents are, and nulls that may not be are dropped`() throws {
        let schema = StructuralSchema(
            try parsed(
                #"{"type":"object","properties":{"a":{"type":"integer","default":5},"b":{"type":"object","properties":{"c":{"type":"string","default":"x"}}},"d":{"type":"object","default":{},"properties":{"e":{"type":"integer","default":1}}},"n":{"type":"string","nullable":true,"default":"q"},"m":{"type":"string"},"l":{"type":"array","items":{"type":"object","properties":{"f":{"type":"boolean","default":true}}}},"map":{"type":"object","additionalProperties":{"type":"integer","default":7}}}}"#
            ))
        let filled = CustomDefaulting.fill(try parsed(#"{"a":null,"n":null,"m":null,"l":[{}],"map":{"k":null}}"#), schema)
        #expect(filled == (try parsed(#"{"a":5,"n":null,"l":[{"f":true}],"map":{"k":7},"d":{"e":1}}"#)))
        #expect(CustomDefaulting.fill(try parsed(#"{"a":1,"d":{"e":2},"n":"z"}"#), schema) == nil)
    }

    @Test func `repeated items of sets and map lists are found`() throws {
        let schema = StructuralSchema(
            try parsed(
                #"{"type":"object","properties":{"s":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},"m":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k","p"],"items":{"type":"object","properties":{"k":{"type":"string"},"p":{"type":"string","default":"TCP"}}}}}}"#
            ))
        var rules = CustomListRules()
        rules.check(try parsed(#"{"s":["a","b","a"],"m":[{"k":"x"},{"k":"x","p":"UDP"},{"k":"x","p":"TCP"}]}"#), schema)
        #expect(rules.errors.map(\.description) == [#"s[2]: Duplicate value: "a""#, #"m[2]: Duplicate value: {"k":"x","p":"TCP"}"#])
    }

    @Test func `embedded resources must say what they are`() throws {
        let schema = StructuralSchema(
            try parsed(
                #"{"type":"object","properties":{"t":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}}"#))
        var rules = CustomListRules()
        rules.check(try parsed(#"{"t":{"metadata":{"labels":{"-":"x"}}}}"#), schema)
        #expect(rules.errors.map(\.field) == ["t.apiVersion", "t.kind", "t.metadata.labels"])
    }
}

@Suite struct SchemaValidationTests {
    private func errors(_ schema: String) throws -> [String] {
        SchemaValidation.errors(try JSON.parse(schema), field: "schema.openAPIV3Schema").map {
            $0.description.replacing("schema.openAPIV3Schema", with: "~")
        }
    }

    @Test(arguments: [
        ("{}", "~.type: Required value: must not be empty at the root"),
        (#"{"type":"array","items":{"type":"string"}}"#, #"~.type: Invalid value: "array": must be object at the root"#),
        (#"{"type":"object","properties":{"a":{}}}"#, "~.properties[a].type: Required value: must not be empty for specified object fields"),
        (
            #"{"type":"object","properties":{"a":{"type":"array","items":{}}}}"#,
            "~.properties[a].items.type: Required value: must not be empty for specified array items"
        ),
        (#"{"type":"object","properties":{"a":{"type":"array"}}}"#, "~.properties[a].items: Required value: must be specified"),
        (
            #"{"type":"object","properties":{"a":{"type":"text"}}}"#,
            #"~.properties[a].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string""#
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}}}"#,
            "~.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"
        ),
        (#"{"type":"object","additionalProperties":false}"#, "~.additionalProperties: Forbidden: additionalProperties cannot be set to false"),
        (
            #"{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}}"#,
            "~.properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        ),
        (##"{"type":"object","properties":{"a":{"type":"string","$ref":"#/x"}}}"##, "~.properties[a].$ref: Forbidden: $ref is not supported"),
        (
            #"{"type":"object","properties":{"a":{"type":"string","pattern":"["}}}"#,
            #"~.properties[a].pattern: Invalid value: "[": must be a valid regular expression, but isn't: error parsing regexp: missing closing ]: `[`"#
        ),
        (
            #"{"type":"object","anyOf":[{"properties":{"a":{"minimum":1}}}]}"#,
            "~.properties[a]: Required value: because it is defined in ~.anyOf[0].properties[a]"
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"string","anyOf":[{"type":"string"}]}}}"#,
            "~.properties[a].anyOf[0].type: Forbidden: must be empty to be structural"
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object"}}}}"#,
            "~.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","properties":{"k":{"type":"string"}}}}}}"#,
            "~.properties[a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}"#,
            #"~.properties[a].default: Invalid value: "string":  in body must be of type integer: "string""#
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"object","properties":{},"default":{"b":1}}}}"#,
            #"~.properties[a].default: Invalid value: {"b":1}: must not have unknown fields: b"#
        ),
        (
            #"{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}"#,
            "~.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"object","x-kubernetes-preserve-unknown-fields":false}}}"#,
            "~.properties[a].x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined"
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"string","x-kubernetes-int-or-string":true}}}"#,
            #"~.properties[a].type: Invalid value: "string": must be empty if x-kubernetes-int-or-string is true"#
        ),
    ])
    func `a schema that is not structural is refused with its path`(_ schema: String, _ expected: String) throws {
        #expect(try errors(schema) == [expected])
    }

    @Test(arguments: [
        #"{"type":"object","x-kubernetes-preserve-unknown-fields":true}"#,
        #"{"type":"object","properties":{"p":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}}}"#,
        #"{"type":"object","properties":{"a":{"type":"string","default":"x","enum":["x","y"]}},"oneOf":[{"required":["a"]}]}"#,
        #"{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":10}}}}}"#,
    ])
    func `a structural schema is accepted`(_ schema: String) throws { #expect(try errors(schema).isEmpty) }
}

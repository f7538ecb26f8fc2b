import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import Testing

@testable import APIServer

@Suite struct NegotiationTests {
    private static let protobuf = "application/vnd.kubernetes.protobuf"
    private static let table = "as=Table;g=meta.k8s.io;v=v1"
    private static let partial = "as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

    private func request(_ accept: String?) -> APIRequest { APIRequest(path: "/api/v1/pods", accept: accept) }

    @Test(
        arguments: [
            (nil, .object, .json), ("", .object, .json), ("*/*", .object, .json), ("application/*", .object, .json),
            (protobuf, .object, .protobuf), ("\(protobuf), application/json", .object, .protobuf),
            ("application/json, \(protobuf)", .object, .json), ("text/html, image/png, \(protobuf)", .object, .protobuf),
            ("*/*, \(protobuf)", .object, .protobuf), ("application/*, \(protobuf), */*", .object, .protobuf),
            ("\(protobuf);q=0.1, application/yaml;q=0.2", .object, .yaml), ("\(protobuf);q=x, application/json", .object, .protobuf),
            ("application/json;q=0.9, \(protobuf)", .object, .protobuf), ("APPLICATION/VND.Kubernetes.Protobuf", .object, .protobuf),
            ("\(protobuf);stream=watch", .object, .protobuf), ("\(protobuf);stream=other, application/json", .object, .json),
            ("application/yaml;stream=watch, application/json", .object, .json),
            ("\(protobuf);\(table), \(protobuf)", .object, .protobuf),
            ("\(protobuf);\(table), application/json;\(table), application/json", .table(version: "v1"), .json),
            ("\(protobuf);\(partial), application/json;\(partial), application/json", .metadata, .protobuf),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, \(protobuf)", .metadata, .json),
            ("\(protobuf);as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1, \(protobuf)", .object, .protobuf),
            ("application/json;g=apps;v=v1, \(protobuf)", .object, .protobuf), ("\(protobuf);charset=utf-8", .object, .protobuf),
        ] as [(String?, ResponseForm, ResponseEncoding)])
    func `the first entry that can be answered is`(accept: String?, form: ResponseForm, encoding: ResponseEncoding) throws {
        #expect(try Negotiation.choose(request(accept)) == Negotiation.Choice(form: form, encoding: encoding))
    }

    @Test(
        arguments: [
            ("\(protobuf), application/json", .object, .json), ("\(protobuf), application/yaml", .object, .yaml),
            ("\(protobuf);\(partial), application/json;\(partial)", .metadata, .protobuf), ("*/*, \(protobuf)", .object, .json),
        ] as [(String?, ResponseForm, ResponseEncoding)])
    func `custom objects have no protobuf but their metadata has`(accept: String?, form: ResponseForm, encoding: ResponseEncoding) throws {
        #expect(try Negotiation.choose(request(accept), hasProtobuf: false) == Negotiation.Choice(form: form, encoding: encoding))
    }

    @Test(arguments: [
        ("application/cbor", true), ("text/html", true), (",;,", true), ("\(protobuf);\(table)", true), ("\(protobuf);stream=other", true),
        (protobuf, false), ("\(protobuf);as=Other;g=meta.k8s.io;v=v1", true), ("\(protobuf);as=Table", true),
    ])
    func `nothing acceptable is a 406 that names what is`(accept: String, hasProtobuf: Bool) {
        let error = #expect(throws: APIStatus.self) { try Negotiation.choose(request(accept), hasProtobuf: hasProtobuf) }
        #expect(error?.code == 406)
        #expect(error?.message.contains("application/json, application/yaml") == true)
        #expect(error?.message.contains(Self.protobuf) == hasProtobuf)
    }

    @Test(arguments: [("PartialObjectMetadata", false), ("PartialObjectMetadataList", true)])
    func `metadata is asked for in the form of the answer, a list or one object`(form: String, isList: Bool) throws {
        let asked = request("application/json;as=\(form);g=meta.k8s.io;v=v1, application/json")
        #expect(try Negotiation.choose(asked, isList: isList).form == .metadata)
        let error = #expect(throws: APIStatus.self) { try Negotiation.choose(asked, isList: !isList) }
        #expect(error?.code == 406)
        #expect(error?.message.hasPrefix("you requested \(form), but the requested object is ") == true)
    }

    @Test(
        arguments: [
            (nil, .json), (protobuf, .protobuf), ("\(protobuf);\(partial), application/json;\(partial), application/json", .json),
            ("application/json;\(table), \(protobuf)", .protobuf), ("text/html", .json),
        ] as [(String?, ResponseEncoding)])
    func `a document takes the first entry that asks for no other form`(accept: String?, encoding: ResponseEncoding) {
        #expect(Negotiation.documentEncoding(accept) == encoding)
    }

    @Test func `a status is put into protobuf where that is preferred`() throws {
        let status = ResponseMaking.status(.notFound(GroupResource(group: "", resource: "pods"), "p"))
        let answer = DocumentEncoding.encoded(status, for: request(Self.protobuf), builtinSchemas)
        #expect(answer.status == 404 && answer.contentType == Self.protobuf)
        guard case .bytes(let body) = answer.body, case .bytes(let json) = status.body else {
            Issue.record("the body is a stream")
            return
        }
        let decoded = try ProtobufDecoder.decode(body, registry: builtinSchemas)
        let expected = try JSON.parse(json)
        for name in ["kind", "apiVersion", "status", "message", "reason", "details", "code"] { #expect(decoded[name] == expected[name]) }
    }

    @Test(arguments: [
        #"{"kind":"Gem","apiVersion":"example.org/v1"}"#, #"{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[]}"#,
        #"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{}}"#, #"{"paths":[]}"#, "", "{", "ok",
        #"{"kind":"Pod","apiVersion":"v1","spec":{"#,
    ])
    func `what is no whole document of a built-in kind stays as it is`(json: String) {
        // In YAML a kind need not be known.
        let accept = json.contains("Gem") ? Self.protobuf : "application/yaml, \(Self.protobuf)"
        let response = APIResponse(body: .bytes(Array(json.utf8)))
        let answer = DocumentEncoding.encoded(response, for: request(accept), builtinSchemas)
        guard case .bytes(let body) = answer.body else {
            Issue.record("the body is a stream")
            return
        }
        #expect(answer.contentType == "application/json" && body == Array(json.utf8))
    }

    @Test(arguments: ["application/yaml", "application/json;q=0.1, application/yaml", "application/json;\(table), application/yaml"])
    func `a status is put into YAML where that is preferred`(accept: String) throws {
        let status = ResponseMaking.status(.notFound(GroupResource(group: "", resource: "pods"), "p"))
        let answer = DocumentEncoding.encoded(status, for: request(accept), builtinSchemas)
        guard case .bytes(let body) = answer.body, case .bytes(let json) = status.body else {
            Issue.record("the body is a stream")
            return
        }
        #expect(answer.status == 404 && answer.contentType == "application/yaml")
        #expect(try YAML.parseSingle(String(decoding: body, as: UTF8.self)).value == JSON.parse(json))
    }

    @Test func `texts and clients that prefer JSON are left alone`() {
        let text = ResponseMaking.text(#"{"kind":"Status","apiVersion":"v1"}"#)
        #expect(DocumentEncoding.encoded(text, for: request(Self.protobuf), builtinSchemas).contentType == text.contentType)
        let status = ResponseMaking.status(.badRequest("no"))
        for accept in [nil, "*/*", "application/json", "application/json,\(Self.protobuf)"] as [String?] {
            #expect(DocumentEncoding.encoded(status, for: request(accept), builtinSchemas).contentType == "application/json")
        }
    }
}

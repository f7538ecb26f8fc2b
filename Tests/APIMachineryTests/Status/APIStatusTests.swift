import APIMachinery
import JSONCore
import Testing

@Suite struct APIStatusTests {
    static let pods = GroupResource(group: "", resource: "pods")
    static let deployments = GroupResource(group: "apps", resource: "deployments")

    @Test(arguments: [
        (APIStatus.notFound(pods, "x"), 404, "NotFound", #"pods "x" not found"#),
        (.alreadyExists(deployments, "x"), 409, "AlreadyExists", #"deployments.apps "x" already exists"#),
        (
            .conflict(pods, "x"), 409, "Conflict",
            #"Operation cannot be fulfilled on pods "x": the object has been modified; please apply your changes to the latest version and try again"#
        ),
        (.forbidden(pods, "", "no"), 403, "Forbidden", "pods is forbidden: no"),
        (.forbidden(pods, "x", "no"), 403, "Forbidden", #"pods "x" is forbidden: no"#),
        (.forbidden(GroupResource(group: "", resource: ""), "", "no"), 403, "Forbidden", "forbidden: no"),
        (.badRequest("why"), 400, "BadRequest", "why"), (.unauthorized(), 401, "Unauthorized", "Unauthorized"),
        (.methodNotAllowed(pods, "delete"), 405, "MethodNotAllowed", #"delete is not supported on resources of kind "pods""#),
        (.notAcceptable(["a", "b"]), 406, "NotAcceptable", "only the following media types are accepted: a, b"),
        (
            .unsupportedMediaType(["a"]), 415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: a"
        ),
        (.tooLarge("limit is 3145728"), 413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"),
        (.expired("old"), 410, "Expired", "old"), (.gone("old"), 410, "Gone", "old"),
        (.tooManyRequests("wait"), 429, "TooManyRequests", "wait"),
        (.internalError("boom"), 500, "InternalError", "Internal error occurred: boom"),
        (.serviceUnavailable("later"), 503, "ServiceUnavailable", "later"), (.timeout("slow"), 504, "Timeout", "Timeout: slow"),
        (.futureResourceVersion(9, current: 5), 504, "Timeout", "Timeout: Too large resource version: 9, current: 5"),
    ])
    func `a status carries the code, reason and text of Kubernetes`(
        _ status: APIStatus, _ code: Int, _ reason: String, _ message: String
    ) {
        #expect(status.code == code)
        #expect(status.reason?.rawValue == reason)
        #expect(status.message == message)
    }

    @Test func `an invalid object lists its fields in the message and as causes`() {
        let kind = GroupKind(group: "apps", kind: "Deployment")
        let one = APIStatus.invalid(kind: kind, name: "x", [.required("spec.selector")])
        #expect(one.message == #"Deployment.apps "x" is invalid: spec.selector: Required value"#)
        #expect(one.details?.kind == "Deployment")
        let two = APIStatus.invalid(kind: kind, name: "x", [.invalid("spec.a", "v", "why"), .duplicate("spec.b[1]", 3)])
        #expect(two.message == #"Deployment.apps "x" is invalid: [spec.a: Invalid value: "v": why, spec.b[1]: Duplicate value: 3]"#)
        #expect(
            two.details?.causes == [
                APIStatus.Cause(reason: "FieldValueInvalid", message: #"Invalid value: "v": why"#, field: "spec.a"),
                APIStatus.Cause(reason: "FieldValueDuplicate", message: "Duplicate value: 3", field: "spec.b[1]"),
            ])
    }

    @Test(arguments: [
        (FieldError.required("a", "because"), "a: Required value: because"),
        (.notSupported("a", "x", ["B", "A"]), #"a: Unsupported value: "x": supported values: "A", "B""#),
        (.forbidden("a", "no"), "a: Forbidden: no"), (.notFound("a", "x"), #"a: Not found: "x""#),
        (.tooLong("a", maximum: 63), "a: Too long: may not be more than 63 bytes"),
        (.tooMany("a", actual: 3, maximum: 2), "a: Too many: 3: must have at most 2 items"),
        (.invalid("a", true, "no"), "a: Invalid value: true: no"),
        (.invalid("a", ["k": "v"], "no"), #"a: Invalid value: {"k":"v"}: no"#),
        (.immutable("a", .null), "a: Invalid value: null: field is immutable"),
        (.internalError("a", "boom"), "a: Internal error: boom"),
    ])
    func `a field error reads as in Kubernetes`(_ error: FieldError, _ text: String) {
        #expect(error.description == text)
    }

    @Test func `a status survives JSON and back`() throws {
        var status = APIStatus.futureResourceVersion(9, current: 5)
        #expect(APIStatus(value: status.value) == status)
        status = .expired("too old")
        status.continueToken = "abc"
        #expect(APIStatus(value: status.value) == status)
        #expect(status.value["metadata", "continue"] == "abc")
        let success = APIStatus.success(Self.pods, name: "x", uid: "u")
        #expect(success.value["status"] == "Success")
        #expect(APIStatus(value: success.value) == success)
        #expect(APIStatus(value: ["kind": "Pod"]) == nil)
        #expect(APIStatus(value: 3) == nil)
    }

    @Test func `an unknown reason of another server is kept`() throws {
        let text = #"{"kind":"Status","status":"Failure","reason":"NonZeroExitCode","code":"x","details":{"causes":[{"reason":"ExitCode","message":"42"},7]}}"#
        let status = try #require(APIStatus(value: json(text)))
        #expect(status.reason?.rawValue == "NonZeroExitCode")
        #expect(status.code == 0)
        #expect(status.details?.causes == [APIStatus.Cause(reason: "ExitCode", message: "42")])
    }

    @Test func `an answer without a status becomes one`() {
        let status = APIStatus.fromResponse(code: 502, method: "GET", resource: Self.pods, name: "x", body: "bad \"gateway\"")
        #expect(
            status.message
                == #"an error on the server ("bad \"gateway\"") has prevented the request from succeeding (get pods x)"#)
        #expect(APIStatus.fromResponse(code: 409, method: "POST", resource: nil).reason == .alreadyExists)
        #expect(APIStatus.fromResponse(code: 418, method: "GET", resource: nil).reason == .unknown)
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("a\"b\\c", #""a\"b\\c""#), ("\n\t\r\u{07}\u{1B}", #""\n\t\r\a\x1b""#), ("é世", #""é世""#),
        ("\u{202E}", #""\u202e""#), ("\u{A0}", #""\u00a0""#),
    ])
    func `text is quoted as Go quotes it`(_ text: String, _ quoted: String) {
        #expect(text.goQuoted == quoted)
    }
}

import APIMachinery
import JSONCore
import Testing

@Suite struct LabelSelectorTests {
    static let labels = ["app": "web", "tier": "front", "size": "12", "empty": ""]

    @Test(arguments: [
        ("", true), ("app", true), ("!app", false), ("missing", false), ("!missing", true), ("app=web", true), ("app==web", true),
        ("app = web", true), ("app!=web", false), ("missing!=web", true), ("app=db", false), ("app in (web,db)", true),
        ("app in ( web , db )", true), ("app notin (web)", false), ("missing notin (web)", true), ("missing in (web)", false),
        ("size>10", true), ("size>12", false), ("size<13", true), ("app>1", false), ("app=web,tier=front", true),
        ("app=web,tier=back", false), ("empty=", true), ("empty in (,x)", true), ("app in (,x)", false), ("in", false),
        ("notin=x", false), ("example.com/x!=y", true), ("app=web,", false),
    ])
    func `a selector matches labels`(_ text: String, _ isMatch: Bool) throws {
        if text.hasSuffix(",") {
            #expect(throws: APIStatus.self) { try LabelSelector(parsing: text) }
            return
        }
        #expect(try LabelSelector(parsing: text).matches(Self.labels) == isMatch)
    }

    @Test(arguments: [
        ("app=web,", "found '', expected: identifier after ','"),
        ("=x", "found '=', expected: !, identifier, or 'end of string'"),
        ("app web", "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt"),
        ("app in web", "unable to parse requirement: found 'web' expected: '('"),
        ("app in (web", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("app=web tier=x", "found 'tier', expected: ',' or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("app in ()", "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"),
        (
            "app>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"
        ),
        (
            "app=a_",
            "unable to parse requirement: values[0][app]: Invalid value: \"a_\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        ),
    ])
    func `a malformed selector is refused with the text of Kubernetes`(_ text: String, _ message: String) {
        let error = #expect(throws: APIStatus.self) { try LabelSelector(parsing: text) }
        #expect(error?.message == message)
        #expect(error?.code == 400)
    }

    @Test func `a selector prints as Kubernetes prints it`() throws {
        let selector = try LabelSelector(parsing: "z=1, a in (c,b),!x,y")
        #expect(selector.description == "a in (b,c),!x,y,z=1")
        #expect(try LabelSelector(parsing: selector.description) == LabelSelector(parsing: "a in (b,c),!x,y,z=1"))
    }

    @Test func `a selector object matches as its text form`() throws {
        let selector = try LabelSelector(
            value: json(
                #"{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"In","values":["front","back"]},{"key":"x","operator":"DoesNotExist"}]}"#
            ))
        #expect(selector.matches(Self.labels))
        #expect(!selector.matches(["app": "web", "tier": "front", "x": ""]))
        #expect(selector.matches(labels: ["app": "web", "tier": "back"]))
    }

    @Test func `an absent selector matches nothing and an empty one everything`() throws {
        #expect(try !LabelSelector(value: .null).matches([:]))
        #expect(try LabelSelector(value: [:]).matches([:]))
        #expect(try LabelSelector(value: [:]).isEmpty)
        #expect(try !LabelSelector(value: .null).isEmpty)
    }

    @Test(arguments: [
        "3", #"{"matchLabels":[]}"#, #"{"matchLabels":{"a":1}}"#, #"{"matchExpressions":[{"key":"a","operator":"Is"}]}"#,
        #"{"matchExpressions":[{"key":"a","operator":"In"}]}"#, #"{"matchExpressions":[{"key":"a","operator":"Exists","values":["x"]}]}"#,
        #"{"matchExpressions":[3]}"#,
    ])
    func `a malformed selector object is refused`(_ text: String) throws {
        let value = try json(text)
        #expect(throws: APIStatus.self) { try LabelSelector(value: value) }
    }
}

@Suite struct FieldSelectorTests {
    @Test func `a field selector compares fields as text`() throws {
        let pod = KubeObject(["spec": ["nodeName": "n1", "hostNetwork": true], "status": ["phase": "Running", "n": 3]])
        #expect(try FieldSelector(parsing: "spec.nodeName=n1,status.phase!=Failed").matches(pod))
        #expect(try FieldSelector(parsing: "spec.hostNetwork==true,status.n=3").matches(pod))
        #expect(try FieldSelector(parsing: "status.podIP=").matches(pod))
        #expect(try !FieldSelector(parsing: "spec.nodeName=n2").matches(pod))
        #expect(try FieldSelector(parsing: "metadata.name=x").exactValue(of: "metadata.name") == "x")
    }

    @Test func `special characters in a value are escaped`() throws {
        let selector = try FieldSelector(parsing: #"a=b\,c\=d\\"#)
        #expect(selector.requirements == [FieldSelector.Requirement(field: "a", value: #"b,c=d\"#)])
        #expect(selector.description == #"a=b\,c\=d\\"#)
    }

    @Test(arguments: ["a", "a,b=c", #"a=\x"#, "a=b=c", #"a=b\"#])
    func `a malformed field selector is refused`(_ text: String) {
        #expect(throws: APIStatus.self) { try FieldSelector(parsing: text) }
    }

    @Test func `a field that cannot be selected is refused with the text of Kubernetes`() throws {
        let selector = try FieldSelector(parsing: "metadata.name=a,spec.foo=b")
        let known = #expect(throws: APIStatus.self) { try selector.check(supported: ["spec.nodeName"]) }
        #expect(known?.message == "field label not supported: spec.foo")
        let plain = #expect(throws: APIStatus.self) { try selector.check(supported: []) }
        #expect(plain?.message == #""spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace""#)
        #expect(throws: Never.self) { try FieldSelector(parsing: "metadata.name=a").check(supported: []) }
    }
}

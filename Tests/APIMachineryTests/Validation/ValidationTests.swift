import JSONCore
import Testing

@testable import APIMachinery

@Suite struct ValidationTests {
    static let label63 = String(repeating: "a", count: 63)

    @Test(arguments: ["a", "a-b", "1a", label63])
    func `a DNS label is accepted`(_ text: String) { #expect(NameValidation.dnsLabel(text).isEmpty) }

    @Test(arguments: ["", "A", "a-", "-a", "a.b", "a_b", "ä", "a b", label63 + "a"])
    func `what is no DNS label is refused`(_ text: String) { #expect(!NameValidation.dnsLabel(text).isEmpty) }

    @Test(arguments: ["a", "a.b", "1.2", "a-b.c"])
    func `a DNS subdomain is accepted`(_ text: String) { #expect(NameValidation.dnsSubdomain(text).isEmpty) }

    @Test(arguments: ["", ".a", "a.", "a..b", "A", "a.-b", String(repeating: "a.", count: 127)])
    func `what is no DNS subdomain is refused`(_ text: String) { #expect(!NameValidation.dnsSubdomain(text).isEmpty) }

    @Test func `messages are those of Kubernetes`() {
        #expect(
            NameValidation.dnsLabel("A") == [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ])
        #expect(NameValidation.dnsLabel(Self.label63 + "a") == ["must be no more than 63 bytes"])
        #expect(
            NameValidation.dnsSubdomain("A") == [
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ])
        #expect(NameValidation.qualifiedName("/x") == ["prefix part must be non-empty"])
        #expect(NameValidation.qualifiedName("a/b/c").count == 1)
        #expect(NameValidation.dns1035Label("1a").count == 1)
        #expect(NameValidation.pathSegment("a/b") == ["may not contain '/'"])
    }

    @Test(arguments: ["a", "a.b_C-1", "example.com/x", "A"])
    func `a qualified name is accepted`(_ text: String) { #expect(NameValidation.qualifiedName(text).isEmpty) }

    @Test(arguments: ["", "-a", "a-", "a/", "A.com/x", "a/b/c", "a b", label63 + "a"])
    func `what is no qualified name is refused`(_ text: String) { #expect(!NameValidation.qualifiedName(text).isEmpty) }

    @Test(arguments: [
        ("1.2.3.4", true), ("255.255.255.255", true), ("256.1.1.1", false), ("01.2.3.4", false), ("1.2.3", false), ("::", true),
        ("::1", true), ("2001:db8::ffff", true), ("1:2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:7", false), ("1::2::3", false),
        ("::ffff:1.2.3.4", true), ("12345::", false), ("", false), ("g::", false), (":", false), (":::", false),
    ])
    func `addresses are told from other text`(_ text: String, _ isValid: Bool) {
        #expect(ValueValidation.address(text).isEmpty == isValid)
    }

    @Test(arguments: [("http", true), ("a-1", true), ("", false), ("80", false), ("a--b", false), ("-a", false), ("Abc", false), ("abcdefghijklmnop", false)])
    func `port names are told from other text`(_ text: String, _ isValid: Bool) {
        #expect(ValueValidation.portName(text).isEmpty == isValid)
    }

    @Test(arguments: [("a.b", true), (".a", true), ("..", false), (".", false), ("..a", false), ("", false), ("a/b", false)])
    func `config keys are told from other text`(_ text: String, _ isValid: Bool) {
        #expect(ValueValidation.configMapKey(text).isEmpty == isValid)
    }

    @Test func `metadata of a new object is checked`() throws {
        let object = KubeObject(
            try json(
                #"{"metadata":{"name":"Bad","namespace":"x","labels":{"-":"v","ok":"-"},"annotations":{"UPPER/x":"fine"},"finalizers":["a b"],"ownerReferences":[{"apiVersion":"v1","kind":"","name":"n","uid":"u","controller":true},{"apiVersion":"v1","kind":"K","name":"m","uid":"w","controller":true}]}}"#
            ))
        let fields = MetadataValidation.create(object, isNamespaced: true).map(\.field)
        #expect(
            fields == [
                "metadata.name", "metadata.labels", "metadata.labels", "metadata.ownerReferences.kind", "metadata.ownerReferences",
                "metadata.finalizers",
            ])
    }

    @Test func `names and namespaces are required where they belong`() throws {
        let empty = MetadataValidation.create(KubeObject([:]), isNamespaced: true)
        #expect(
            empty.map(\.description) == [
                "metadata.name: Required value: name or generateName is required", "metadata.namespace: Required value",
            ])
        let cluster = KubeObject(["metadata": ["name": "a", "namespace": "b"]])
        #expect(
            MetadataValidation.create(cluster, isNamespaced: false).map(\.description) == [
                "metadata.namespace: Forbidden: not allowed on this type"
            ])
        let generated = KubeObject(["metadata": ["name": "web-x", "generateName": "web-", "namespace": "a"]])
        #expect(MetadataValidation.create(generated, isNamespaced: true).isEmpty)
    }

    @Test func `annotations are bounded in total size`() {
        let big = JSONValue.string(String(repeating: "x", count: 200 << 10))
        let errors = LabelValidation.annotations(["a": big, "b": big], field: "metadata.annotations")
        #expect(errors.map(\.description) == ["metadata.annotations: Too long: may not be more than 262144 bytes"])
    }

    @Test func `a change of metadata keeps what cannot change`() {
        let old = KubeObject(["metadata": ["name": "a", "uid": "u", "generation": 2, "deletionTimestamp": "2026-01-01T00:00:00Z"]])
        var new = old
        new.uid = "w"
        new.generation = 1
        new.finalizers = ["a/b"]
        let errors = MetadataValidation.update(new, old: old).map(\.description)
        #expect(
            errors == [
                #"metadata.uid: Invalid value: "w": field is immutable"#,
                "metadata.generation: Invalid value: 1: must not be decremented",
                #"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/b"}"#,
            ])
    }
}

import APIMachinery
import JSONCore
import Testing

@testable import ViewModels

@Suite struct TextJoinTests {
    private func join(_ text: String, _ wanted: String) throws -> String? {
        let said = try YAML.parse(text).map(\.value).filter { !$0.isNull }
        let wanted = try YAML.parse(wanted).map(\.value).filter { !$0.isNull }
        return TextJoin.joined(text, zip(said, wanted).map { TextJoin.Change(said: $0, wanted: $1) })
    }

    @Test(arguments: [
        ("a: 1\n# about b\nb: 2", "a: 1\nb: 3", "a: 1\n# about b\nb: 3"),
        ("# top\na: 1\nb: 2 # end", "a: 4\nb: 2", "# top\na: 4\nb: 2 # end"),
        ("a: 1 # one", "a: 1\nb: 2", "a: 1 # one\nb: 2"),
        ("a: 1\nb: 2\n# rest\nc: 3", "a: 1\nc: 3", "a: 1\n# rest\nc: 3"),
        ("a: 1\n---\n# second\na: 2", "a: 1\n---\na: 3", "a: 1\n---\n# second\na: 3"),
        // The line itself was spelt another way: the text is written anew.
        ("a: 'x' # why", "a: \"y\"", "a: \"y\""),
    ])
    func `what changed comes in and comments stay`(text: String, wanted: String, result: String) throws {
        let joined = try join(text, wanted)
        #expect(joined == result || joined?.replacing("\"", with: "") == result.replacing("\"", with: ""))
    }

    @Test func `a text that says it already stays`() throws {
        #expect(try join("b: 2\na: 1 # one", "a: 1\nb: 2") == nil)
    }

    @Test(arguments: ["x\n", "x\ny\n", "x\ny", "x\ny\n\n", "x\n\n\n", "\n x\n"])
    func `the last value of a text ends as it did`(last: String) {
        let value: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"], "data": ["f": .string(last)]]
        let text = EditForm.text(KubeObject(value))
        #expect(Manifest(text).documents.map(\.object.value) == [value] && Manifest("\(text)\n---\n").documents.first?.object.name == "a")
        let two = Manifest(EditForm.joined([text, text]))
        #expect(two.documents.map(\.object.value) == [value, value])
        for document in two.documents { #expect(Manifest(two.text(of: document)).documents.map(\.object.value) == [value]) }
        #expect(TextJoin.joined(text, [TextJoin.Change(said: value, wanted: value)]) == nil)
    }

    @Test func `what a text leaves to the server stays left to it`() {
        let changed: JSONValue = ["replicas": 3, "strategy": "x", "list": [["name": "a", "image": "new", "policy": "Always"]]]
        let said: JSONValue = ["replicas": 1, "list": [["name": "a", "image": "old"]]]
        #expect(TextJoin.limited(changed, to: said) == ["replicas": 3, "list": [["name": "a", "image": "new"]]])
    }
}

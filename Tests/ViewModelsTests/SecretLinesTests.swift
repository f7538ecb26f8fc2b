import JSONCore
import Testing

@testable import ViewModels

/// Secrets whose values change their form where they stand.
@Suite struct SecretLinesTests {
    private static func converted(_ text: String, toText: Bool) -> String? {
        guard case .text(let new, isDecoded: toText, let losesComments) = SecretForm.converted(text) else { return nil }
        #expect(!losesComments)
        return new
    }

    @Test func `comments, order and everything beside the values stay, and both ways give the text that was`() {
        let encoded = """
            # the keys of the shop
            apiVersion: v1
            kind: Secret # a real one
            metadata: {name: keys} # flow

            # what follows is base64
            data: # all of it
              # for the door
              door: b25l   # one

              "quoted # key": dHdv
              # the last one
              z: dGhyZWUKZm91cgo= # two lines
            # not about data
            type: Opaque
            """
        let decoded = """
            # the keys of the shop
            apiVersion: v1
            kind: Secret # a real one
            metadata: {name: keys} # flow

            # what follows is base64
            # as text: apply makes base64 of them
            stringData: # all of it
              # for the door
              door: one   # one

              "quoted # key": two
              # the last one
              z: | # two lines
                three
                four
            # not about data
            type: Opaque
            """
        #expect(Self.converted(encoded, toText: true) == decoded)
        #expect(Self.converted(decoded, toText: false) == encoded)
    }

    @Test func `what is no text stays in its place with its comment, and a text wins over base64`() {
        let text = """
            apiVersion: v1
            kind: Secret
            data:
                # stays
                bin: AAEC # three bytes
                a: b25l
            """
        let decoded = """
            apiVersion: v1
            kind: Secret
            # not text: these stay base64
            data:
                # stays
                bin: AAEC # three bytes
            # as text: apply makes base64 of them
            stringData:
                a: one
            """
        #expect(Self.converted(text, toText: true) == decoded)
        #expect(Self.converted(decoded, toText: false) == text)
        let both = "apiVersion: v1\nkind: Secret\nstringData:\n  # new\n  a: two # 2\n  b: x\n# between\ndata:\n  # old\n  a: b25l\n"
        #expect(
            Self.converted(both, toText: false)
                == "apiVersion: v1\nkind: Secret\ndata:\n  # old\n  # new\n  a: dHdv # 2\n  b: eA==\n# between\n")
    }

    @Test(arguments: [
        "data: {a: b25l} # mine", "data:\n  a: b25l\nstringData: {} # mine", "# mine\ndata:\n  a:\n    b25l\n  ? b\n  : b25l",
    ])
    func `what is written otherwise is written anew, and says that its comments go`(rest: String) {
        let text = "apiVersion: v1\nkind: Secret\n\(rest)\n"
        guard case .text(let new, isDecoded: true, losesComments: true) = SecretForm.converted(text) else {
            Issue.record("\(SecretForm.converted(text))")
            return
        }
        #expect(!new.contains("mine") && new.contains("a: one"))
    }

    @Test(arguments: ["  a: b25l\n    # deeper\n  b: dHdv", "  a: >-\n    b25l\n\n  b: dHdv # x # y", "  a: \"b25l\" #\n\n\n  b: 'dHdv'", "  - a"])
    func `whatever stands there, nothing is lost`(rest: String) {
        let text = "apiVersion: v1\nkind: Secret\ndata:\n\(rest)\n"
        guard case .text(let new, isDecoded: true, let losesComments) = SecretForm.converted(text) else { return #expect(rest == "  - a") }
        for comment in ["# deeper", "# x # y"] where text.contains(comment) { #expect(new.contains(comment) || losesComments, "\(new)") }
        #expect(new.contains("a: one") && new.contains("b: two"))
    }
}

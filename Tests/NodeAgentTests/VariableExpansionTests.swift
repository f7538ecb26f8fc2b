import Testing

@testable import NodeAgent

struct VariableExpansionTests {
    @Test(arguments: [
        ("$(A)-two", "one-two"), ("$$(A)", "$(A)"), ("$(MISSING)", "$(MISSING)"), ("$(A", "$(A"), ("$", "$"), ("$$", "$"), ("$x$(A)$", "$xone$"),
        ("", ""), ("$(A)$(B)", "one2"), ("ü$(A)", "üone"),
    ])
    func `variables are replaced and everything else is kept`(text: String, expected: String) {
        #expect(VariableExpansion.expand(text, with: ["A": "one", "B": "2"]) == expected)
    }
}

import Testing

@testable import NodeAgent

struct ContainerIDTests {
    @Test func `an id is recognised again and fits the supervisor's limit`() throws {
        let uid = "6f1c1f0e-8a3b-4c55-9f6a-0d6c8a1b2c3d"
        let id = ContainerID(podUID: uid, container: String(repeating: "n", count: 63), attempt: 123_456)
        #expect(id.string.utf8.count <= 63)
        #expect(ContainerID(parsing: id.string) == id)
    }

    @Test(arguments: ["", "a", "a.b.c", "a.0123456789abcdef", "a.0123456789abcdef.x", "a.0123456789abcdef.-1", "a.b.0.0"])
    func `anything else is not an id`(text: String) {
        #expect(ContainerID(parsing: text) == nil)
    }
}

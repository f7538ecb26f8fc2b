import Testing

@testable import NodeAgent

@Suite struct RuntimeHandlerTests {
    @Test func `plain containers are offered`() throws { try RuntimeHandler.check("runc", of: "plain") }

    @Test(arguments: ["kata", "", "RUNC", "runc "])
    func `another handler is refused by its name and that of the class`(handler: String) {
        let error = #expect(throws: ConfigurationError.self) { try RuntimeHandler.check(handler, of: "vm") }
        #expect(error?.message.contains("no runtime for \"\(handler)\" is configured") == true)
        #expect(error?.message.contains("RuntimeClass \"vm\"") == true)
    }
}

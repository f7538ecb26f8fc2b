import Testing

@testable import OCIRuntime

@Suite struct NetworkDeviceTests {
    @Test(arguments: [("eth0", true), ("", false), ("a/b", false), ("a:b", false), ("a b", false), (".", false), ("..", false), ("sixteen-letters-", false)])
    func `network devices have names that the kernel takes`(name: String, isName: Bool) {
        #expect(NetworkDevice.isName(name) == isName)
    }
}

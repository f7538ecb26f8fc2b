import Testing

@testable import ContainerRuntime

struct DelegatedCgroupTests {
    private static let service = "/user.slice/user-1000.slice/user@1000.service"

    @Test(
        arguments: [
            // The user's own tree, whose leaves hold processes.
            ("0::\(service)/app.slice/run-1.scope\n", [service, service + "/app.slice"], service),
            // A session's cgroup is root's, and so is every one above it.
            ("0::/user.slice/user-1000.slice/session-3.scope\n", [service], nil),
            // What is the user's above somebody else's cannot be reached: processes would have to pass that.
            ("0::/a/b/c/d\n", ["/a", "/a/b/c"], "/a/b/c"),
            // One that has processes of its own passes no limits on.
            ("0::/box\n", [], nil),
            ("0::/\n", ["/"], nil),
            ("4:memory:/x\n", ["/x"], nil),
            ("", [], nil),
        ] as [(String, [String], String?)])
    func `the highest cgroup that is the user's`(own: String, usable: [String], found: String?) {
        #expect(DelegatedCgroup.find(own: own) { usable.contains($0) } == found)
    }

    @Test func `a living supervisor says where its node's cgroups are`() {
        let leaf = "/kdash-0badcafe/kdash/supervisor"
        #expect(DelegatedCgroup.parent(of: "0::\(Self.service)\(leaf)\n", leaf: leaf) == Self.service)
        #expect(DelegatedCgroup.parent(of: "0::\(leaf)\n", leaf: leaf) == "")
        #expect(DelegatedCgroup.parent(of: "0::\(Self.service)/app.slice\n", leaf: leaf) == nil)
        #expect(DelegatedCgroup.parent(of: "", leaf: leaf) == nil)
    }
}

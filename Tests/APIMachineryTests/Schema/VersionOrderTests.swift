import Testing

@testable import APIMachinery

@Suite struct VersionOrderTests {
    @Test func `stable versions come before beta ones and those before alpha ones`() {
        let order = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10", "v01", "v1gamma1"]
        #expect(VersionOrder.sorted(order.reversed()) == order)
    }

    @Test(arguments: ["v", "v1beta", "vbeta1", "v1beta01", "v99999999999999999999", ""])
    func `other names come last`(name: String) {
        #expect(VersionOrder.precedes("v1alpha1", name))
        #expect(!VersionOrder.precedes(name, "v1alpha1"))
        #expect(!VersionOrder.precedes(name, name))
    }
}

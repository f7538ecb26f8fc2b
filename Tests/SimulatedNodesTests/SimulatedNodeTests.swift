import Testing

@testable import SimulatedNodes

struct SimulatedNodeTests {
    @Test(arguments: [
        (1, "sim-0001", "240.0.0.1", "241.0.1.0/24"), (300, "sim-0300", "240.0.1.44", "241.1.44.0/24"), (5000, "sim-5000", "240.0.19.136", "241.19.136.0/24"),
    ])
    func `a number gives name, address and range, and the name gives the number`(number: Int, name: String, address: String, range: String) throws {
        let node = try #require(SimulatedNode(number: number))
        #expect(node.name == name && node.address == address && node.podRange == range)
        #expect(SimulatedNode(name: name) == node)
    }

    @Test(arguments: ["", "sim-", "sim-1", "sim-0000", "sim-00001", "sim-5001", "sim-9999", "sim-+001", "sim--001", "sim-abcd", "SIM-0001", "kdash"])
    func `other names are other nodes`(name: String) { #expect(SimulatedNode(name: name) == nil) }

    @Test func `zones take turns`() {
        let zones = (1...6).compactMap { SimulatedNode(number: $0)?.zone }
        #expect(zones == ["sim-a", "sim-b", "sim-c", "sim-a", "sim-b", "sim-c"])
    }

    @Test func `an address is a pod's for as long as it is there, and what a pod has already is kept`() throws {
        let node = try #require(SimulatedNode(number: 2))
        var addresses = SimulatedAddresses()
        addresses.note("241.0.2.1", of: "old", on: node)
        addresses.note("10.0.0.1", of: "foreign", on: node)
        #expect(addresses.address(of: "a", on: node) == "241.0.2.2")
        #expect(addresses.address(of: "a", on: node) == "241.0.2.2")
        #expect(addresses.address(of: "old", on: node) == "241.0.2.1")
        addresses.free("old")
        #expect(addresses.address(of: "b", on: node) == "241.0.2.1")
        for number in 0..<252 { _ = addresses.address(of: "many-\(number)", on: node) }
        #expect(addresses.address(of: "one too many", on: node) == nil)
    }
}

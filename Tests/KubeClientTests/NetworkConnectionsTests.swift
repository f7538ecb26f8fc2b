import JSONCore
import Testing

@testable import KubeClient

struct NetworkConnectionsTests {
    private func connection(_ name: String, deniedAgo: Int64? = nil) -> NetworkConnection {
        NetworkConnection(
            source: .init(address: "10.42.0.2", port: 1, name: name), destination: .init(address: "10.42.1.2", port: 80, name: "b"), service: nil,
            transport: "TCP", state: "ESTABLISHED", sent: nil, received: nil, egress: .init(.open), ingress: .init(.open), deniedAgo: deniedAgo)
    }

    @Test func `of several nodes what was denied comes first, the newest before all`() {
        let first = NetworkConnections(connections: [connection("old", deniedAgo: 9), connection("a")], isCut: false, notes: ["n"])
        let second = NetworkConnections(connections: [connection("new", deniedAgo: 1), connection("c")], isCut: false, notes: ["n", "m"])
        let merged = NetworkConnections(merging: [first, second])
        #expect(merged.connections.map(\.source.name) == ["new", "old", "a", "c"] && merged.notes == ["n", "m"] && !merged.isCut)
        let many = NetworkConnections(connections: Array(repeating: connection("x"), count: NetworkConnections.maximumCount), isCut: false)
        let cut = NetworkConnections(merging: [many, first])
        #expect(cut.isCut && cut.connections.count == NetworkConnections.maximumCount && cut.connections[0].source.name == "old")
    }
}

import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// One address in a service's EndpointSlices, whoever wrote them.
struct SliceEndpoint: Sendable, Hashable {
    /// A port that it answers on.
    struct Port: Sendable, Hashable {
        /// Empty when it is the only one.
        let name: String
        /// `TCP`, `UDP` or `SCTP`.
        let transport: String
        let number: UInt16
    }

    let address: IPv4Address
    let isReady: Bool
    /// Whether it still answers, though it may be about to end.
    let isServing: Bool
    let isTerminating: Bool
    /// Empty when nobody says.
    let nodeName: String
    let hostname: String?
    let ports: [Port]

    /// The addresses of slices, in their order. Slices of names and of the other family have none, and neither has what is no address that a
    /// connection can be sent to.
    static func all(_ slices: [EndpointSlice]) -> [SliceEndpoint] {
        slices.filter { ($0.object["addressType"]?.stringValue ?? "") == "IPv4" }.flatMap { slice in
            let ports = slice.object.array("ports").compactMap(port)
            return slice.object.array("endpoints").compactMap { endpoint($0, ports) }
        }
    }

    private static func port(_ value: JSONValue) -> Port? {
        guard let number = value["port"]?.integerValue.flatMap({ UInt16(exactly: $0) }), number > 0 else { return nil }
        return Port(name: value["name"]?.stringValue ?? "", transport: value["protocol"]?.stringValue ?? "TCP", number: number)
    }

    private static func endpoint(_ value: JSONValue, _ ports: [Port]) -> SliceEndpoint? {
        // Of several addresses the first one counts, as with kube-proxy.
        guard let address = value["addresses"]?.arrayValue?.first?.stringValue.flatMap({ IPv4Address($0) }), isUsable(address) else { return nil }
        let conditions = value["conditions"]
        let isReady = conditions?["ready"]?.boolValue ?? true
        return SliceEndpoint(
            address: address, isReady: isReady, isServing: conditions?["serving"]?.boolValue ?? isReady,
            isTerminating: conditions?["terminating"]?.boolValue ?? false, nodeName: value["nodeName"]?.stringValue ?? "",
            hostname: value["hostname"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }, ports: ports)
    }

    /// Not unspecified, loopback, link-local, multicast or broadcast.
    private static func isUsable(_ address: IPv4Address) -> Bool {
        let (first, second) = (address.bytes[0], address.bytes[1])
        return first != 0 && first != 127 && first < 224 && !(first == 169 && second == 254)
    }
}

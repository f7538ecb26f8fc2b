package import APIMachinery
internal import JSONCore
package import LinuxKernel

/// networking.k8s.io/v1 NetworkPolicy, read once. What it says that cannot be understood matches nothing: it never opens a pod.
package struct NetworkPolicy: Sendable, Hashable {
    package static let resource = GroupVersionResource(group: "networking.k8s.io", version: "v1", resource: "networkpolicies")

    /// Which way connections are opened, as the pod that the policy selects sees it.
    package enum Direction: String, Sendable, Hashable, CaseIterable { case ingress, egress }

    /// Who may be at the other end.
    package enum Peer: Sendable, Hashable {
        /// Pods that `pods` selects, in namespaces that `namespaces` selects (nil: in the policy's own).
        case pods(LabelSelector, namespaces: LabelSelector?)
        /// Addresses of a range, but not of the exceptions.
        case block(AddressBlock)
    }

    /// A range of addresses with exceptions.
    package struct AddressBlock: Sendable, Hashable {
        package let range: IPv4Network
        package let except: [IPv4Network]

        package init(range: IPv4Network, except: [IPv4Network] = []) {
            self.range = range
            self.except = except
        }

        func contains(_ address: IPv4Address) -> Bool { range.contains(address) && !except.contains { $0.contains(address) } }
    }

    /// Which ports of the answering end are meant.
    package enum Port: Sendable, Hashable {
        case numbers(ServicePort.TransportProtocol, ClosedRange<UInt16>)
        case named(ServicePort.TransportProtocol, String)
    }

    /// One entry of `ingress` or `egress`.
    package struct Rule: Sendable, Hashable {
        /// nil: everybody.
        package let peers: [Peer]?
        /// nil: every port of every protocol.
        package let ports: [Port]?
    }

    package let namespace: String
    package let name: String
    package let uid: String
    package let selector: LabelSelector
    /// The rules of each direction in which it isolates the pods that it selects.
    package let rules: [Direction: [Rule]]

    /// Reads an object.
    package init(_ object: KubeObject) {
        namespace = object.namespace ?? ""
        name = object.name
        uid = String(object.uid.prefix(64))
        selector = Self.selector(object["spec", "podSelector"] ?? [:])
        let types = object.array("spec", "policyTypes").compactMap(\.stringValue)
        var rules: [Direction: [Rule]] = [:]
        if types.isEmpty || types.contains("Ingress") { rules[.ingress] = object.array("spec", "ingress").map { Rule($0, peers: "from") } }
        if types.contains("Egress") || types.isEmpty && !object.array("spec", "egress").isEmpty {
            rules[.egress] = object.array("spec", "egress").map { Rule($0, peers: "to") }
        }
        self.rules = rules
    }

    /// Nothing for a selector that is not understood.
    fileprivate static func selector(_ value: JSONValue) -> LabelSelector {
        do throws(APIStatus) { return try LabelSelector(value: value) } catch { return .nothing }
    }
}

extension NetworkPolicy.Rule {
    fileprivate init(_ value: JSONValue, peers field: String) {
        let peers = value[field]?.arrayValue ?? []
        let ports = value["ports"]?.arrayValue ?? []
        self.init(
            peers: peers.isEmpty ? nil : peers.compactMap { NetworkPolicy.Peer($0) }, ports: ports.isEmpty ? nil : ports.compactMap { NetworkPolicy.Port($0) })
    }
}

extension NetworkPolicy.Peer {
    /// nil for what can match no address of this cluster, such as a range of IPv6.
    fileprivate init?(_ value: JSONValue) {
        if let block = value["ipBlock"], !block.isNull {
            guard let range = IPv4Network(masking: block["cidr"]?.stringValue ?? "") else { return nil }
            let except = (block["except"]?.arrayValue ?? []).compactMap { IPv4Network(masking: $0.stringValue ?? "") }
            self = .block(.init(range: range, except: except))
            return
        }
        let pods = value["podSelector"].flatMap { $0.isNull ? nil : $0 }
        let namespaces = value["namespaceSelector"].flatMap { $0.isNull ? nil : $0 }
        guard pods != nil || namespaces != nil else { return nil }
        self = .pods(pods.map(NetworkPolicy.selector) ?? .everything, namespaces: namespaces.map(NetworkPolicy.selector))
    }
}

extension NetworkPolicy.Port {
    fileprivate init?(_ value: JSONValue) {
        guard let transport = ServicePort.TransportProtocol(named: value["protocol"]?.stringValue) else { return nil }
        guard let port = value["port"], !port.isNull else {
            self = .numbers(transport, 0...UInt16.max)
            return
        }
        if let name = port.stringValue {
            self = .named(transport, name)
            return
        }
        guard let first = port.integerValue.flatMap({ UInt16(exactly: $0) }) else { return nil }
        let last = value["endPort"]?.integerValue.flatMap { UInt16(exactly: $0) } ?? first
        guard first <= last else { return nil }
        self = .numbers(transport, first...last)
    }
}

extension IPv4Network {
    /// Parses `a.b.c.d/n` whatever its host bits are, as ranges of policies may be written; nil for anything else.
    init?(masking text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let length = Int(parts[1]), (0...32).contains(length) else { return nil }
        self.init(address, length)
    }
}

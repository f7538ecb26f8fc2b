import APIMachinery
import JSONCore
import LinuxKernel

@testable import PodNetwork

/// Three namespaces with a few pods: shop has web (10.42.0.2) and db (10.42.0.3), tools has job (10.42.0.4), other has client (10.42.0.5).
enum PolicyFixture {
    static let web = IPv4Address(10, 42, 0, 2)
    static let db = IPv4Address(10, 42, 0, 3)
    static let job = IPv4Address(10, 42, 0, 4)
    static let client = IPv4Address(10, 42, 0, 5)
    static let node = IPv4Address(10, 42, 0, 1)
    static let outside = IPv4Address(192, 0, 2, 1)

    static let pods = [
        PolicyPod(
            namespace: "shop", name: "web", labels: ["app": "web", "tier": "front"], address: web, ports: [.init(name: "http", transport: .tcp, number: 8080)]),
        PolicyPod(namespace: "shop", name: "db", labels: ["app": "db"], address: db, ports: [.init(name: "sql", transport: .tcp, number: 5432)]),
        PolicyPod(namespace: "tools", name: "job", labels: ["app": "job"], address: job, ports: [.init(name: "http", transport: .tcp, number: 9090)]),
        PolicyPod(namespace: "other", name: "client", labels: ["app": "web"], address: client),
    ]
    static let namespaces = [
        "shop": ["kubernetes.io/metadata.name": "shop"], "tools": ["kubernetes.io/metadata.name": "tools", "team": "ops"],
        "other": ["kubernetes.io/metadata.name": "other"],
    ]

    /// A policy in the namespace shop from the JSON of its spec.
    static func policy(_ spec: String, name: String = "p", namespace: String = "shop") throws -> NetworkPolicy {
        let text = #"{"metadata":{"name":"\#(name)","namespace":"\#(namespace)","uid":"uid-\#(name)"},"spec":\#(spec)}"#
        return NetworkPolicy(KubeObject(try JSON.parse(Array(text.utf8))))
    }

    static func compile(_ specs: [String]) throws -> EnforcedPolicies {
        let policies = try specs.enumerated().map { try policy($0.element, name: "p\($0.offset + 1)") }
        return PolicyCompiler(pods: pods, namespaces: namespaces).compile(policies, node: [node])
    }
}

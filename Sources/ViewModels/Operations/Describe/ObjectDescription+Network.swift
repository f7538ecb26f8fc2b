import APIMachinery
import ClusterOperations
import JSONCore
import KubeSchemas

extension ObjectDescription {
    mutating func writeService() {
        let spec = Service(object).spec
        text.fact("type", spec.type)
        text.fact("address", spec.clusterIP == "None" ? "none: its name resolves to its pods" : spec.clusterIP)
        text.fact("external", (spec.externalIPs + [spec.externalName].filter { !$0.isEmpty }).joined(separator: ", "))
        text.fact("balancer", Self.balancer(object))
        text.fact("selector", spec.selector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))
        if spec.selector.isEmpty, spec.type != "ExternalName" { text.fact("selector", "none: endpoints are not made for it", .warning) }
        text.fact("stickiness", object.string("spec", "sessionAffinity") == "ClientIP" ? "a client stays with its pod" : "")
        text.heading("Ports", [TextSpan(spec.ports.isEmpty ? "  none" : "", .dim)])
        for port in spec.ports {
            let node = port.nodePort > 0 ? "  on every node: \(port.nodePort)" : ""
            text.fact(
                port.name.isEmpty ? "port" : port.name,
                [TextSpan("\(port.port)/\(port.protocol)"), TextSpan(" to \(word(port.targetPort))\(node)", .dim)])
        }
        writeEndpoints()
    }

    private mutating func writeEndpoints() {
        let endpoints = related(.endpointSlices).flatMap { slice in slice.array("endpoints").map { (slice, $0) } }
        let ready = endpoints.count { $0.1["conditions", "ready"]?.boolValue != false }
        let count: TextSpan =
            endpoints.isEmpty ? TextSpan("  none: nobody answers", .warning) : TextSpan("  \(ready) of \(endpoints.count) ready", ready == 0 ? .error : .dim)
        text.heading("Endpoints", [count])
        for (slice, endpoint) in endpoints.prefix(200) {
            let isReady = endpoint["conditions", "ready"]?.boolValue != false
            let isEnding = endpoint["conditions", "terminating"]?.boolValue == true
            let (kind, name) = (endpoint["targetRef", "kind"]?.stringValue ?? "", endpoint["targetRef", "name"]?.stringValue ?? "")
            let ports = slice.array("ports").compactMap { $0["port"]?.integerValue.map(String.init) }.joined(separator: ",")
            let address = endpoint["addresses"]?[0]?.stringValue ?? ""
            text.fact(
                "\(address):\(ports)",
                [
                    TextSpan(isReady ? "ready" : isEnding ? "ending" : "not ready", isReady ? .ok : .warning),
                    TextSpan(name.isEmpty ? "" : "  \(kind.lowercased()) \(name)", .dim),
                ], width: 24)
            text.link(kind, name, namespace: object.namespace, uid: endpoint["targetRef", "uid"]?.stringValue)
        }
    }

    private static func balancer(_ object: KubeObject) -> String {
        object.array("status", "loadBalancer", "ingress").compactMap { $0["ip"]?.stringValue ?? $0["hostname"]?.stringValue }.joined(separator: ", ")
    }

    mutating func writeIngress() {
        text.fact("class", object.string("spec", "ingressClassName") ?? "")
        text.fact("address", Self.balancer(object))
        if let backend = object["spec", "defaultBackend"] { writeBackend("otherwise", backend) }
        for rule in object.array("spec", "rules") {
            text.heading("Host", [TextSpan(" \(rule["host"]?.stringValue ?? "any")")])
            for path in rule["http", "paths"]?.arrayValue ?? [] {
                writeBackend(
                    "\(path["path"]?.stringValue ?? "/") \(path["pathType"]?.stringValue == "Exact" ? "exactly" : "and below")", path["backend"] ?? .null)
            }
        }
        let certificates = object.array("spec", "tls")
        if !certificates.isEmpty { text.heading("TLS") }
        for tls in certificates {
            let secret = tls["secretName"]?.stringValue ?? ""
            text.fact(
                secret.isEmpty ? "default" : secret, (tls["hosts"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", "))
            text.link("Secret", secret, namespace: object.namespace)
        }
    }

    private mutating func writeBackend(_ name: String, _ backend: JSONValue) {
        if let service = backend["service", "name"]?.stringValue {
            let port = backend["service", "port"].flatMap { $0["name"]?.stringValue ?? $0["number"]?.integerValue.map(String.init) } ?? ""
            text.fact(name, [TextSpan("service \(service):\(port)")], width: 24)
            text.link("Service", service, namespace: object.namespace)
        } else {
            text.fact(name, [TextSpan("\(backend["resource", "kind"]?.stringValue ?? "") \(backend["resource", "name"]?.stringValue ?? "")")], width: 24)
        }
    }

    mutating func writeNetworkPolicy() {
        text.fact("pods", DetailText.selector(object["spec", "podSelector"]))
        text.fact("limits", object.array("spec", "policyTypes").compactMap(\.stringValue).joined(separator: ", "))
        for (field, title) in [("ingress", "Lets in"), ("egress", "Lets out")] {
            guard let rules = object["spec", field]?.arrayValue else { continue }
            if rules.isEmpty { text.heading(title, [TextSpan("  nothing", .warning)]) }
            text.fields(title, object["spec", field])
        }
        text.pods(related(.pods), "Pods it is about", now: now)
    }
}

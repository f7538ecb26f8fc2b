import APIMachinery
import JSONCore
import KubeSchemas

extension WhyCauses {
    static func service(_ facts: WhyFacts) -> [Cause] {
        let spec = facts.subject["spec"] ?? .null
        if spec["type"] == "ExternalName" { return [] }
        var causes = balancer(facts, spec)
        let selector = (spec["selector"]?.objectValue ?? JSONObject()).compactMap { member in member.value.stringValue.map { (member.key, $0) } }
        let endpoints = facts.related("EndpointSlice").flatMap { $0.array("endpoints") }
        let ready = endpoints.filter { $0["conditions", "ready"]?.boolValue != false }
        guard !selector.isEmpty else {
            if ready.isEmpty {
                causes.append(
                    Cause(
                        rank: 0, tone: .error, text: "it has no selector, and nobody has given it endpoints",
                        details: ["next: set spec.selector, or create an EndpointSlice with label kubernetes.io/service-name: \(facts.subject.name)"]))
            }
            return causes
        }
        let text = selector.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
        let matching = facts.pods.filter { pod in selector.allSatisfy { pod.labels[$0.0] == $0.1 } }
        if matching.isEmpty {
            causes.append(
                Cause(rank: 0, tone: .error, text: "no pod of its namespace has the labels of its selector \(text)", details: nearest(selector, facts.pods)))
            return causes
        }
        causes += ports(spec, matching)
        if ready.isEmpty {
            causes.append(
                Cause(
                    rank: 1, tone: .error, text: "\(matching.count == 1 ? "one pod has" : "\(matching.count) pods have") the labels \(text), but none is ready")
            )
        }
        return causes + pods(matching.filter { !Pod($0).isReady }, facts)
    }

    private static func balancer(_ facts: WhyFacts, _ spec: JSONValue) -> [Cause] {
        guard spec["type"] == "LoadBalancer", facts.subject.array("status", "loadBalancer", "ingress").isEmpty else { return [] }
        return [
            Cause(
                rank: 2, tone: .pending, text: "no load balancer gave it an address yet",
                details: ["next: is there a controller for load balancers? NodePort works without one"])
        ]
    }

    /// Pods that have all labels but one.
    private static func nearest(_ selector: [(String, String)], _ pods: [KubeObject]) -> [String] {
        for pod in pods {
            let missing = selector.filter { pod.labels[$0.0] != $0.1 }
            guard missing.count == 1, selector.count > 1 || pod.labels[missing[0].0] != nil else { continue }
            let has = pod.labels[missing[0].0].map { "\(missing[0].0)=\($0)" } ?? "no label \(missing[0].0)"
            return [
                "pod \(pod.name) comes near: it has \(has), not \(missing[0].0)=\(missing[0].1)",
                "next: correct the selector, or the labels of the pod template",
            ]
        }
        return ["next: correct the selector, or start pods with these labels"]
    }

    private static func ports(_ spec: JSONValue, _ pods: [KubeObject]) -> [Cause] {
        (spec["ports"]?.arrayValue ?? []).compactMap { port in
            guard let name = port["targetPort"]?.stringValue else { return nil }
            let isThere = pods.contains { pod in
                pod.array("spec", "containers").contains { container in
                    (container["ports"]?.arrayValue ?? []).contains { $0["name"]?.stringValue == name }
                }
            }
            guard !isThere else { return nil }
            return Cause(
                rank: 0, tone: .error, text: "no container of its pods has a port named \(name)",
                details: ["next: name the port in the pod template, or use its number in spec.ports.targetPort"])
        }
    }

    static func ingress(_ facts: WhyFacts) -> [Cause] {
        let object = facts.subject
        var causes: [Cause] = []
        let className = object.string("spec", "ingressClassName")
        if let className, !facts.related("IngressClass").contains(where: { $0.name == className }) {
            causes.append(
                Cause(rank: 0, tone: .error, text: "there is no ingress class \(className)", details: ["next: install its controller, or name another class"]))
        } else if className == nil, !facts.related("IngressClass").contains(where: { $0.annotations["ingressclass.kubernetes.io/is-default-class"] == "true" })
        {
            causes.append(
                Cause(rank: 1, tone: .warning, text: "it names no ingress class, and none is the default", details: ["next: set spec.ingressClassName"]))
        }
        let services = facts.related("Service")
        var seen: Set<String> = []
        for backend in backends(object) {
            guard let name = backend["name"]?.stringValue, seen.insert(name).inserted else { continue }
            guard let service = services.first(where: { $0.name == name }) else {
                causes.append(
                    Cause(rank: 0, tone: .error, text: "its backend service \(name) does not exist", details: ["next: create it, or correct the rule"]))
                continue
            }
            let ports = service.array("spec", "ports")
            let hasPort = ports.contains { port in
                port["name"] == backend["port", "name"] && port["name"] != nil || port["port"] == backend["port", "number"]
            }
            if !hasPort { causes.append(Cause(rank: 0, tone: .error, text: "service \(name) has no such port as the rule names")) }
            let slices = facts.related("EndpointSlice").filter { $0.labels["kubernetes.io/service-name"] == name }
            if !slices.contains(where: { $0.array("endpoints").contains { $0["conditions", "ready"]?.boolValue != false } }) {
                causes.append(Cause(rank: 1, tone: .error, text: "service \(name) has no ready endpoint", details: ["next: ask why of that service"]))
            }
        }
        if object.array("status", "loadBalancer", "ingress").isEmpty {
            causes.append(Cause(rank: 2, tone: .pending, text: "no controller gave it an address", details: ["next: is the controller of its class running?"]))
        }
        return causes
    }

    /// The services that an Ingress leads to.
    static func backends(_ ingress: KubeObject) -> [JSONValue] {
        let rules = ingress.array("spec", "rules").flatMap { $0["http", "paths"]?.arrayValue ?? [] }
        return (rules.map { $0["backend", "service"] } + [ingress["spec", "defaultBackend", "service"]]).compactMap(\.self)
    }
}

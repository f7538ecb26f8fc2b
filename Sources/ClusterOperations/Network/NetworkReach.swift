package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas

/// Whether a pod can reach a Service or another pod, as Services, endpoints and NetworkPolicies say.
package struct NetworkReach: Sendable {
    /// One way from the pod to a pod that answers.
    package struct Way: Sendable {
        /// The pod that answers.
        package var pod: String
        /// The port there.
        package var port: NetworkPort
        /// What policies of the asking side say.
        package var egress: PolicyVerdict
        /// What policies of the answering side say.
        package var ingress: PolicyVerdict
        /// Whether a container says that it has the port; it need not.
        package var isDeclared: Bool
        /// The answering pod's address; empty when it has none.
        var address = ""
        /// Whether both sides let it pass.
        package var isAllowed: Bool { egress.isAllowed && ingress.isAllowed }
    }

    /// What was asked for: `service demo/web port 80 → 8080`.
    package var target = ""
    /// The ways; those to pods that are not ready are left out.
    package var ways: [Way] = []
    /// Why there is none, or fewer than one may think.
    package var notes: [String] = []
    /// Whether the network itself was asked, rather than the objects judged. Default false.
    package var isEnforced = false

    /// The most answering pods that are looked at.
    private static let limit = 50

    /// What is asked.
    package struct Question: Sendable, Hashable {
        /// `Service` or `Pod`.
        package var kind: String
        /// Where it is.
        package var namespace: String
        /// Its name.
        package var name: String
        /// The port, by number or name; nil for every port that it says it has.
        package var port: String?

        /// Reads `svc/web:80`, `service/demo/web:http`, `pod/demo/web-1:8080`. Throws what is expected.
        package init(parsing text: String, namespace: String) throws(APIStatus) {
            let ends = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let parts = ends[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            let kinds = ["svc": "Service", "service": "Service", "services": "Service", "po": "Pod", "pod": "Pod", "pods": "Pod"]
            guard ends.count <= 2, parts.count == 2 || parts.count == 3, let kind = kinds[parts[0].lowercased()], !parts.contains("") else {
                throw .badRequest("\"\(text)\" names nothing to reach: write svc/NAME, svc/NAMESPACE/NAME or pod/NAME, with :PORT where one is meant")
            }
            self.kind = kind
            self.namespace = parts.count == 3 ? parts[1] : namespace
            name = parts[parts.count - 1]
            port = ends.count == 2 && !ends[1].isEmpty ? ends[1] : nil
            guard kind == "Service" || port == nil || Int64(port ?? "") != nil else {
                throw .badRequest("port \"\(port ?? "")\" of a pod is no number")
            }
        }
    }

    /// Answers for a pod; on a cluster of kdash's own by the tables that its nodes enforce. Throws when what is asked for cannot be read.
    package static func ask(
        _ source: KubeObject, _ question: Question, _ client: KubeClient, isOurs: Bool = false
    ) async throws(APIStatus) -> NetworkReach {
        var reach = try await judge(source, question, client)
        guard isOurs, !reach.ways.isEmpty else { return reach }
        let address = source.string("status", "podIP") ?? ""
        guard !address.isEmpty, reach.ways.allSatisfy({ !$0.address.isEmpty }) else {
            reach.notes.append("a pod has no address yet: judged by objects alone")
            return reach
        }
        for index in reach.ways.indices {
            let way = reach.ways[index]
            do throws(APIStatus) {
                let verdict = try await client.networkVerdict(from: address, to: way.address, transport: way.port.transport, port: way.port.number)
                reach.ways[index].egress = PolicyVerdict(.egress, enforced: verdict.egress)
                reach.ways[index].ingress = PolicyVerdict(.ingress, enforced: verdict.ingress)
            } catch {
                reach.notes.append("the network cannot be asked, judged by objects alone: \(error.message)")
                return reach
            }
        }
        reach.isEnforced = true
        return reach
    }

    /// Answers by what the objects say.
    private static func judge(_ source: KubeObject, _ question: Question, _ client: KubeClient) async throws(APIStatus) -> NetworkReach {
        var reach = NetworkReach()
        var pods: [(KubeObject, NetworkPort)] = []
        if question.kind == "Service" {
            pods = try await reach.endpoints(question, client)
        } else {
            let pod = try await client.get(Pod.resource, namespace: question.namespace, name: question.name)
            let ports = question.port.flatMap { Int64($0) }.map { [NetworkPort(number: $0)] } ?? Self.declared(pod)
            reach.target = "pod \(question.namespace)/\(question.name)\(question.port.map { " port \($0)" } ?? "")"
            if ports.isEmpty { reach.notes.append("no container of it says which port it has: name one, as in pod/\(question.name):8080") }
            pods = ports.map { (pod, $0) }
        }
        var labels: [String: [String: String]] = [:]
        var policies: [String: [KubeObject]] = [:]
        let resource = GroupVersionResource(group: "networking.k8s.io", version: "v1", resource: "networkpolicies")
        for namespace in Set(pods.map { $0.0.namespace ?? "" } + [source.namespace ?? ""]) {
            policies[namespace] = try await client.list(resource, namespace: namespace).items
            let object = try await client.get(GroupVersionResource(group: "", version: "v1", resource: "namespaces"), namespace: nil, name: namespace)
            labels[namespace] = object.labels
        }
        let from = NetworkEnd(pod: source, namespaceLabels: labels[source.namespace ?? ""] ?? [:])
        for (pod, port) in pods {
            let to = NetworkEnd(pod: pod, namespaceLabels: labels[pod.namespace ?? ""] ?? [:])
            let declared = Self.declared(pod).first { $0.number == port.number && $0.transport == port.transport }
            let named = NetworkPort(number: port.number, name: port.name ?? declared?.name, transport: port.transport)
            reach.ways.append(
                Way(
                    pod: "\(pod.namespace ?? "")/\(pod.name)", port: named,
                    egress: PolicyVerdict(.egress, of: from, with: to, port: named, policies: policies[source.namespace ?? ""] ?? []),
                    ingress: PolicyVerdict(.ingress, of: to, with: from, port: named, policies: policies[pod.namespace ?? ""] ?? []),
                    isDeclared: declared != nil, address: pod.string("status", "podIP") ?? ""))
        }
        return reach
    }

    /// The ready pods behind a Service, each with the port where it answers.
    private mutating func endpoints(_ question: Question, _ client: KubeClient) async throws(APIStatus) -> [(KubeObject, NetworkPort)] {
        let services = GroupVersionResource(group: "", version: "v1", resource: "services")
        let service = try await client.get(services, namespace: question.namespace, name: question.name)
        let ports = service.array("spec", "ports").filter { port in
            question.port.map { $0 == port["name"]?.stringValue || Int64($0) == port["port"]?.integerValue } ?? true
        }
        let all = service.array("spec", "ports").compactMap { $0["port"]?.integerValue }.map(String.init).joined(separator: ", ")
        target = "service \(question.namespace)/\(question.name)\(question.port.map { " port \($0)" } ?? "")"
        guard !ports.isEmpty else {
            notes.append("the service has no such port; it has \(all.isEmpty ? "none" : all)")
            return []
        }
        if service.string("spec", "type") == "ExternalName" {
            notes.append("it stands for the name \(service.string("spec", "externalName") ?? ""): no pod answers")
            return []
        }
        let slices = try await client.list(
            GroupVersionResource(group: "discovery.k8s.io", version: "v1", resource: "endpointslices"), namespace: question.namespace,
            ListOptions(labels: try LabelSelector(parsing: "kubernetes.io/service-name=\(question.name)")))
        var (found, waiting): ([(KubeObject, NetworkPort)], Int) = ([], 0)
        for slice in slices.items {
            let here = slice.array("ports").filter { port in ports.contains { $0["name"]?.stringValue ?? "" == port["name"]?.stringValue ?? "" } }
            for endpoint in slice.array("endpoints") where found.count < Self.limit {
                guard endpoint["conditions", "ready"]?.boolValue ?? true else {
                    waiting += 1
                    continue
                }
                guard endpoint["targetRef", "kind"]?.stringValue == "Pod", let name = endpoint["targetRef", "name"]?.stringValue else {
                    notes.append(
                        "\(endpoint["addresses"]?.arrayValue?.first?.stringValue ?? "an address") is no pod of this cluster: policies of its side are not known"
                    )
                    continue
                }
                let pod = try await client.get(Pod.resource, namespace: question.namespace, name: name)
                found += here.compactMap { port in
                    port["port"]?.integerValue.map { (pod, NetworkPort(number: $0, transport: port["protocol"]?.stringValue ?? "TCP")) }
                }
            }
        }
        if waiting > 0 { notes.append("\(waiting) of its endpoints \(waiting == 1 ? "is" : "are") not ready and get\(waiting == 1 ? "s" : "") no connections") }
        if found.isEmpty { notes.append("no endpoint is ready: connections are refused") }
        return found
    }

    private static func declared(_ pod: KubeObject) -> [NetworkPort] {
        pod.array("spec", "containers").flatMap { $0["ports"]?.arrayValue ?? [] }.compactMap { port in
            port["containerPort"]?.integerValue.map {
                NetworkPort(number: $0, name: port["name"]?.stringValue, transport: port["protocol"]?.stringValue ?? "TCP")
            }
        }
    }
}

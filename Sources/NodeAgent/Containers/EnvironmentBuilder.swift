import APIMachinery
import ContainerImages
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// Resolves a container's environment: the image's, the cluster's, `envFrom`, then `env` in order.
struct EnvironmentBuilder: Sendable {
    let context: PodContext
    let pod: Pod
    let podIP: String

    func build(_ container: Container, image: Image) async throws(ConfigurationError) -> [(name: String, value: String)] {
        var result = OrderedVariables()
        for entry in image.config.env {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if let name = parts.first, !name.isEmpty { result.set(String(name), parts.count > 1 ? String(parts[1]) : "") }
        }
        for (name, value) in clusterVariables { result.set(name, value) }
        for source in container.value["envFrom"]?.arrayValue ?? [] {
            let prefix = source["prefix"]?.stringValue ?? ""
            for (name, value) in try await all(source) { result.set(prefix + name, value) }
        }
        for entry in container.value["env"]?.arrayValue ?? [] {
            guard let name = entry["name"]?.stringValue else { continue }
            if let from = entry["valueFrom"] {
                if let value = try await self.value(from, container) { result.set(name, value) }
            } else {
                result.set(name, VariableExpansion.expand(entry["value"]?.stringValue ?? "", with: result.values))
            }
        }
        return result.list
    }

    /// The variables by which programs find the API server. Source: kubelet's service environment.
    private var clusterVariables: [(String, String)] {
        let address = context.serviceAddress
        return [
            ("KUBERNETES_SERVICE_HOST", address), ("KUBERNETES_SERVICE_PORT", "443"), ("KUBERNETES_SERVICE_PORT_HTTPS", "443"),
            ("KUBERNETES_PORT", "tcp://\(address):443"), ("KUBERNETES_PORT_443_TCP", "tcp://\(address):443"),
            ("KUBERNETES_PORT_443_TCP_PROTO", "tcp"), ("KUBERNETES_PORT_443_TCP_PORT", "443"), ("KUBERNETES_PORT_443_TCP_ADDR", address),
        ]
    }

    // MARK: ConfigMaps and Secrets

    private func all(_ source: JSONValue) async throws(ConfigurationError) -> [(String, String)] {
        for (field, resource) in [("configMapRef", "configmaps"), ("secretRef", "secrets")] {
            guard let reference = source[field] else { continue }
            let optional = reference["optional"]?.boolValue ?? false
            guard let data = try await data(resource, reference["name"]?.stringValue ?? "", optional: optional) else { return [] }
            return data.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        }
        return []
    }

    private func value(_ from: JSONValue, _ container: Container) async throws(ConfigurationError) -> String? {
        if let field = from["fieldRef"]?["fieldPath"]?.stringValue { return try fieldValue(field) }
        if let reference = from["resourceFieldRef"] { return try resourceValue(reference, container) }
        for (field, resource) in [("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")] {
            guard let reference = from[field] else { continue }
            let name = reference["name"]?.stringValue ?? ""
            let key = reference["key"]?.stringValue ?? ""
            let optional = reference["optional"]?.boolValue ?? false
            guard let data = try await data(resource, name, optional: optional) else { return nil }
            if let value = data[key] { return value }
            if optional { return nil }
            throw ConfigurationError("couldn't find key \(key) in \(resource.dropLast()) \(pod.object.namespace ?? "default")/\(name)")
        }
        return nil
    }

    private func data(_ resource: String, _ name: String, optional: Bool) async throws(ConfigurationError) -> [String: String]? {
        let object: KubeObject
        do throws(APIStatus) {
            object = try await context.client.get(
                GroupVersionResource(group: "", version: "v1", resource: resource), namespace: pod.object.namespace, name: name)
        } catch  where error.code == 404 && optional {
            return nil
        } catch {
            throw ConfigurationError(error.message)
        }
        var result: [String: String] = [:]
        for member in object.value["data"]?.objectValue ?? [:] {
            let text = member.value.stringValue ?? ""
            result[member.key] = resource == "secrets" ? Base64.decode(text).map { String(decoding: $0, as: UTF8.self) } ?? "" : text
        }
        return result
    }

    // MARK: The pod's own fields

    private func fieldValue(_ path: String) throws(ConfigurationError) -> String {
        let object = pod.object
        switch path {
        case "metadata.name": return object.name
        case "metadata.namespace": return object.namespace ?? ""
        case "metadata.uid": return object.uid
        case "spec.nodeName": return context.nodeName
        case "spec.serviceAccountName": return pod.spec.value["serviceAccountName"]?.stringValue ?? "default"
        case "status.hostIP", "status.hostIPs": return context.hostIP
        case "status.podIP", "status.podIPs": return podIP
        default: break
        }
        for (prefix, values) in [("metadata.labels['", object.labels), ("metadata.annotations['", object.annotations)]
        where path.hasPrefix(prefix) && path.hasSuffix("']") {
            return values[String(path.dropFirst(prefix.count).dropLast(2))] ?? ""
        }
        throw ConfigurationError("fieldRef \(path) is not a field that a container can be given")
    }

    private func resourceValue(_ reference: JSONValue, _ container: Container) throws(ConfigurationError) -> String {
        let name = reference["containerName"]?.stringValue ?? container.name
        let resource = reference["resource"]?.stringValue ?? ""
        let target = (pod.spec.containers + pod.spec.initContainers).first { $0.name == name }
        let parts = resource.split(separator: ".", maxSplits: 1).map(String.init)
        guard let target, parts.count == 2, ["limits", "requests"].contains(parts[0]) else {
            throw ConfigurationError("resourceFieldRef \(resource) of container \(name) is not known")
        }
        let fallback = parts[1] == "cpu" ? "\(SystemFacts.processorCount)" : parts[1] == "memory" ? "\(context.totalMemory.value)" : "0"
        let text = target.value["resources"]?[parts[0]]?[parts[1]]?.stringValue ?? target.value["resources"]?["limits"]?[parts[1]]?.stringValue ?? fallback
        let divisor = reference["divisor"]?.stringValue ?? "1"
        do throws(QuantityError) {
            let amount = try Quantity(parsing: text).milliValue
            let unit = max(try Quantity(parsing: divisor == "0" ? "1" : divisor).milliValue, 1)
            return "\((amount + unit - 1) / unit)"
        } catch {
            throw ConfigurationError("resourceFieldRef \(resource): \(error)")
        }
    }
}

/// Variables in the order of their first definition; a later value replaces an earlier one.
private struct OrderedVariables {
    private var order: [String] = []
    private(set) var values: [String: String] = [:]

    mutating func set(_ name: String, _ value: String) {
        if values.updateValue(value, forKey: name) == nil { order.append(name) }
    }

    var list: [(name: String, value: String)] { order.map { ($0, values[$0] ?? "") } }
}

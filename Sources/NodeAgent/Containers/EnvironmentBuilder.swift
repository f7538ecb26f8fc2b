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
        if pod.spec.enableServiceLinks {
            let services = context.services.all(namespace: namespace).map { Service($0) }
            for (name, value) in ServiceEnvironment.variables(services) { result.set(name, value) }
        }
        var known: [ObjectCache.Key: KubeObject] = [:]
        for source in container.envFrom {
            for (name, value) in try await all(source, &known) { result.set(source.prefix + name, value) }
        }
        for entry in container.env where !entry.name.isEmpty {
            if let source = entry.source {
                if let value = try await value(source, container, &known) { result.set(entry.name, value) }
            } else {
                result.set(entry.name, VariableExpansion.expand(entry.literal, with: result.values))
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

    private var namespace: String { pod.namespace ?? "default" }

    private func all(_ source: EnvFromSource, _ known: inout [ObjectCache.Key: KubeObject]) async throws(ConfigurationError) -> [(String, String)] {
        let data: [String: String]?
        if let reference = source.configMapRef {
            data = try await self.data(.configMap(namespace, reference.name), optional: reference.isOptional, &known)
        } else if let reference = source.secretRef {
            data = try await self.data(.secret(namespace, reference.name), optional: reference.isOptional, &known)
        } else {
            data = nil
        }
        return (data ?? [:]).map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    private func value(
        _ source: EnvVarSource, _ container: Container, _ known: inout [ObjectCache.Key: KubeObject]
    ) async throws(ConfigurationError) -> String? {
        if let field = source.fieldRef { return try context.fields(of: pod, podIP: podIP).text(field.fieldPath) }
        if let reference = source.resourceFieldRef { return try context.fields(of: pod, podIP: podIP).amount(reference, own: container) }
        let key: ObjectCache.Key
        let reference: KeySelector
        let kind: String
        if let found = source.configMapKeyRef {
            (reference, kind, key) = (found, "ConfigMap", .configMap(namespace, found.name))
        } else if let found = source.secretKeyRef {
            (reference, kind, key) = (found, "Secret", .secret(namespace, found.name))
        } else {
            // A variable that is left out in silence is found by whoever misses it.
            let kind = source.value.objectValue?.first { !$0.value.isNull }?.key ?? "valueFrom"
            throw ConfigurationError(
                "container \(container.name): the node cannot take a variable from \(kind); use fieldRef, resourceFieldRef, configMapKeyRef or secretKeyRef")
        }
        guard let data = try await data(key, optional: reference.isOptional, &known) else { return nil }
        if let value = data[reference.key] { return value }
        if reference.isOptional { return nil }
        throw ConfigurationError("couldn't find key \(reference.key) in \(kind) \(namespace)/\(reference.name)")
    }

    /// The object's texts; nil when it is missing and may be.
    private func data(
        _ key: ObjectCache.Key, optional: Bool, _ known: inout [ObjectCache.Key: KubeObject]
    ) async throws(ConfigurationError) -> [String: String]? {
        let object: KubeObject?
        do throws(APIStatus) {
            // Fresh: a container keeps what it was started with.
            object = if let found = known[key] { found } else { try await context.objects.object(key, isFresh: true) }
        } catch {
            throw ConfigurationError(error.message)
        }
        guard let object else {
            if optional { return nil }
            throw ConfigurationError("\(key.resource.resource.dropLast()) \"\(key.name)\" not found")
        }
        known[key] = object
        guard key.resource == Secret.resource else { return ConfigMap(object).data }
        return Secret(object).data.mapValues { text in Base64.decode(text).map { String(decoding: $0, as: UTF8.self) } ?? "" }
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

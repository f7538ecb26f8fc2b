import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// Reads the fields of a pod and the resources of its containers that environments and downwardAPI volumes may name. Pure.
struct PodFields: Sendable {
    let pod: Pod
    let nodeName: String
    let hostIP: String
    let podIP: String
    /// What a container without a limit may use of memory and processors.
    let nodeMemory: ByteCount
    var nodeCPU = NodeCapacity.machine.cpu

    /// The text of `fieldPath`; throws when it is not a field that may be asked for.
    func text(_ path: String) throws(ConfigurationError) -> String {
        let object = pod.object
        switch path {
        case "metadata.name": return object.name
        case "metadata.namespace": return object.namespace ?? ""
        case "metadata.uid": return object.uid
        case "metadata.labels": return Self.lines(object.labels)
        case "metadata.annotations": return Self.lines(object.annotations)
        case "spec.nodeName": return nodeName
        case "spec.serviceAccountName": return pod.spec.serviceAccountName.isEmpty ? "default" : pod.spec.serviceAccountName
        case "status.hostIP", "status.hostIPs": return hostIP
        case "status.podIP", "status.podIPs": return podIP
        default: break
        }
        for (prefix, values) in [("metadata.labels['", object.labels), ("metadata.annotations['", object.annotations)]
        where path.hasPrefix(prefix) && path.hasSuffix("']") {
            return values[String(path.dropFirst(prefix.count).dropLast(2))] ?? ""
        }
        throw ConfigurationError("fieldRef \(path) is not a field that a container can be given")
    }

    /// One `key="value"` line per entry, sorted. Source: fieldpath.FormatMap.
    static func lines(_ map: [String: String]) -> String {
        map.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.goQuoted)" }.joined(separator: "\n")
    }

    /// The amount that `reference` names, in units of its divisor, rounded up. `own` is the container that holds the reference.
    func amount(_ reference: ResourceFieldSelector, own: Container?) throws(ConfigurationError) -> String {
        let resource = reference.resource
        let target = reference.containerName.isEmpty ? own : pod.allContainers.first { $0.name == reference.containerName }
        let parts = resource.split(separator: ".", maxSplits: 1).map(String.init)
        guard let target, parts.count == 2, ["limits", "requests"].contains(parts[0]) else {
            throw ConfigurationError("resourceFieldRef \(resource) of container \(reference.containerName) is not known")
        }
        let resources = target.resources
        let amounts = parts[0] == "limits" ? resources.limits : PodResources.requests(of: resources)
        do throws(QuantityError) {
            let amount = amounts[parts[1]]?.milliValue ?? (parts[0] == "requests" ? 0 : ofNode(parts[1]))
            let divisor = try Quantity(parsing: reference.divisor.isEmpty || reference.divisor == "0" ? "1" : reference.divisor).milliValue
            let unit = max(divisor, 1)
            return "\(amount / unit + (amount % unit > 0 ? 1 : 0))"
        } catch {
            throw ConfigurationError("resourceFieldRef \(resource): \(error)")
        }
    }

    /// What the node has of a resource, in thousandths.
    private func ofNode(_ resource: String) -> Int64 {
        switch resource {
        case "cpu": nodeCPU.value
        case "memory": Quantity(value: nodeMemory.value).milliValue
        default: 0
        }
    }
}

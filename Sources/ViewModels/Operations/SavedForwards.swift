import APIMachinery
import ClusterOperations
import JSONCore

/// A forward that can begin again: its port, where it leads, and into which context.
struct SavedForward: Sendable, Hashable {
    var port: UInt16
    var target: ForwardTarget
    var context: String

    init(port: UInt16, target: ForwardTarget, context: String) {
        (self.port, self.target, self.context) = (port, target, context)
    }

    /// As its file holds it. Objects are known by name: what has it at the next start is meant.
    var value: JSONValue {
        var value: JSONValue = ["port": .integer(Int64(port)), "remotePort": .integer(Int64(target.port)), "context": .string(context)]
        switch target.destination {
        case .pods(let namespace, let selector):
            value["namespace"] = .string(namespace)
            value["selector"] = .string(selector)
        case .object(let object):
            let resource = object.resource
            value["object"] = [
                "group": .string(resource.group), "version": .string(resource.version), "resource": .string(resource.resource), "kind": .string(object.kind),
                "name": .string(object.name),
            ]
            value["namespace"] = object.namespace.map { .string($0) }
        }
        return value
    }

    /// Reads what ``value`` wrote; nil for anything else.
    init?(_ value: JSONValue) {
        func port(_ key: String) -> UInt16? { value[key]?.integerValue.flatMap { UInt16(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil } }
        guard let local = port("port"), let remote = port("remotePort"), let context = value["context"]?.stringValue else { return nil }
        let namespace = value["namespace"]?.stringValue
        if let selector = value["selector"]?.stringValue, let namespace {
            target = ForwardTarget(.pods(namespace: namespace, selector: selector), port: remote)
        } else if let object = value["object"], let resource = object["resource"]?.stringValue, let name = object["name"]?.stringValue {
            let found = GroupVersionResource(group: object["group"]?.stringValue ?? "", version: object["version"]?.stringValue ?? "v1", resource: resource)
            target = ForwardTarget(.object(ObjectTarget(found, kind: object["kind"]?.stringValue ?? "", namespace: namespace, name: name)), port: remote)
        } else {
            return nil
        }
        (self.port, self.context) = (local, context)
    }
}

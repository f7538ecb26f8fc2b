import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel

/// One of our own writes, with the object as it was before and after it.
struct UndoEntry: Sendable, Identifiable {
    /// What the write did to the object.
    enum Verb: String, Sendable { case created, changed, deleted }

    /// Sorts by time; names the file.
    let id: String
    let at: Timestamp
    /// The context it was sent to.
    let context: String
    /// The cluster, by the uid of its kube-system; nil when that was not known yet.
    let cluster: String?
    let verb: Verb
    let method: APIRequest.Method
    let path: String
    let resource: GroupVersionResource
    let namespace: String?
    let name: String
    /// The object before; nil when there was none.
    var before: KubeObject?
    /// The object after; nil when there is none, or no answer came.
    var after: KubeObject?
    /// The entry that this write took back.
    let undoes: String?
    /// Whether no answer came: the server may have carried it out or not.
    var isUncertain: Bool

    /// The object's uid; empty when it is not known.
    var uid: String { before?.uid ?? after?.uid ?? "" }

    /// `Deployment demo/web`.
    var title: String {
        let kind = before?.kind ?? after?.kind ?? resource.resource
        return "\(kind.isEmpty ? resource.resource : kind) \(namespace.map { "\($0)/" } ?? "")\(name)"
    }
}

extension UndoEntry {
    /// As it stands on disk.
    var value: JSONValue {
        var value: JSONValue = [
            "at": .string(at.rfc3339Nano), "context": .string(context), "verb": .string(verb.rawValue), "method": .string(method.rawValue),
            "path": .string(path), "group": .string(resource.group), "version": .string(resource.version),
            "resource": .string(resource.resource), "name": .string(name), "uncertain": .bool(isUncertain),
        ]
        if let cluster { value["cluster"] = .string(cluster) }
        if let namespace { value["namespace"] = .string(namespace) }
        if let undoes { value["undoes"] = .string(undoes) }
        if let before { value["before"] = before.value }
        if let after { value["after"] = after.value }
        return value
    }

    /// Reads what ``value`` wrote; nil when it is something else.
    init?(id: String, _ value: JSONValue) {
        guard let at = value["at"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }), let context = value["context"]?.stringValue,
            let verb = value["verb"]?.stringValue.flatMap(Verb.init), let path = value["path"]?.stringValue,
            let method = value["method"]?.stringValue.flatMap(APIRequest.Method.init), let name = value["name"]?.stringValue,
            let resource = value["resource"]?.stringValue, let version = value["version"]?.stringValue
        else { return nil }
        self.init(
            id: id, at: at, context: context, cluster: value["cluster"]?.stringValue, verb: verb, method: method, path: path,
            resource: GroupVersionResource(group: value["group"]?.stringValue ?? "", version: version, resource: resource),
            namespace: value["namespace"]?.stringValue, name: name, before: value["before"].map { KubeObject($0) },
            after: value["after"].map { KubeObject($0) }, undoes: value["undoes"]?.stringValue,
            isUncertain: value["uncertain"]?.boolValue ?? false)
    }
}

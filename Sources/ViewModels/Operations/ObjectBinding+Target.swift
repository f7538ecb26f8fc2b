import APIMachinery
import ClusterOperations
import KubeSchemas

extension ObjectBinding {
    /// Where the object is found; nil for a kind that is neither built in nor named with its resource.
    var target: ObjectTarget? {
        guard let resource = resource ?? Self.builtin(kind)?.gvr else { return nil }
        return ObjectTarget(resource, kind: kind, namespace: namespace, name: name, uid: uid)
    }

    /// The built-in kind of a name: of several groups the one kubectl takes.
    static func builtin(_ kind: String) -> ResourceDescriptor? {
        builtinSchemas.resources(named: kind.lowercased()).first { $0.kind == kind } ?? builtinSchemas.resources.first { $0.kind == kind }
    }

    /// The kind, where it is a built-in one of that group; nil for a custom kind of the same name.
    var builtinKind: String? {
        guard let descriptor = Self.builtin(kind) else { return nil }
        guard let resource else { return kind }
        return resource.groupResource == descriptor.groupResource ? kind : nil
    }

    /// The binding of an object that an operation names.
    init(_ target: ObjectTarget, context: String) {
        self.init(
            context: context, namespace: target.namespace, kind: target.kind, name: target.name, uid: target.uid, resource: target.resource)
    }
}

internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import NIOPosix
internal import ObjectStore

/// POST with `kdashRestore` to a collection: brings an object that was deleted back, with what went with it, in one transaction. It stands
/// on the paths of Kubernetes, so that it needs the right to create there; every other object needs the right to create it, too.
///
/// The body names the object by `name` and `uid`. A dry run tells what would come back and what not; `uids` of the write are the old uids of
/// what the user was shown: exactly those come back with it.
enum RestoreVerb {
    static let parameter = "kdashRestore"

    /// Answers a request that asks for it; false when it does not.
    static func answers(_ context: RequestContext) throws(APIStatus) -> Bool {
        guard context.request.queryFlag(parameter) else { return false }
        let options = try WriteOptions(context.request, kind: "CreateOptions")
        let renderer = try ObjectRenderer(context, isList: false)
        let body = try BodyDecoder.parse(context.request, registry: context.core.registry, hasProtobuf: false).value
        guard body["kind"] == "ObjectRestore", let name = body["name"]?.stringValue, let uid = body["uid"]?.stringValue, !name.isEmpty, !uid.isEmpty else {
            throw .badRequest("\(parameter) needs a body of kind ObjectRestore with the name and the uid of the object that was deleted")
        }
        let chosen = body["uids"]?.arrayValue.map { Set($0.compactMap(\.stringValue)) }
        context.notes.objectName = name
        NIOThreadPool.singleton.submit { _ in
            context.answering { () throws(APIStatus) in
                try restore(name, uid: uid, chosen: options.isDryRun ? nil : chosen ?? [], isDryRun: options.isDryRun, renderer, context)
            }
        }
        return true
    }

    private static func restore(
        _ name: String, uid: String, chosen: Set<String>?, isDryRun: Bool, _ renderer: ObjectRenderer, _ context: RequestContext
    ) throws(APIStatus) {
        let key = context.endpoint.key(namespace: context.path.namespace, name: name)
        let resource = context.descriptor.groupResource
        let get = AccessAttributes(
            verb: "get", group: resource.group, resource: resource.resource, namespace: context.path.namespace ?? "", name: name)
        guard try context.core.authorizer.allows(get, user: context.user) else { throw get.forbidden(context.user) }
        guard try context.core.current(key, context.endpoint) == nil else { throw .alreadyExists(resource, name) }
        let graph = try GoneGraph(of: key, uid: uid, resource: resource, context.core.store)
        let plan = try RestorePlan(graph, chosen: chosen, isDryRun: isDryRun, context)
        guard !isDryRun else { return context.reply(outlook(plan)) }
        try RestoreWrite(plan).run { result in
            switch result {
            case .success(let stored):
                context.answering { () throws(APIStatus) in
                    context.reply(try renderer.response(stored, status: 201, warnings: context.notes.get()))
                }
            case .failure(let status): context.reply(ResponseMaking.status(status))
            }
        }
    }

    private static func outlook(_ plan: RestorePlan) -> APIResponse {
        let items = plan.items.map { item -> JSONValue in
            var value = place(item.kind, item.object.namespace, item.object.name)
            value["uid"] = .string(item.old)
            return value
        }
        let left = plan.left.map { left -> JSONValue in
            var value = place(left.kind, left.namespace, left.name)
            (value["reason"], value["madeAnew"]) = (.string(left.reason), .bool(left.isMadeAnew))
            return value
        }
        return APIResponse(
            body: .bytes(
                JSON.encode(["kind": "ObjectRestore", "apiVersion": "kdash.dev/v1", "items": .array(items), "left": .array(left)])))
    }

    private static func place(_ kind: String, _ namespace: String?, _ name: String) -> JSONValue {
        var value: JSONValue = ["kind": .string(kind), "name": .string(name)]
        if let namespace { value["namespace"] = .string(namespace) }
        return value
    }
}

internal import APIMachinery
internal import KubeClient

/// From an authorized resource request to its verb.
enum ResourceRouter {
    static func run(_ context: RequestContext, verb: String) throws(APIStatus) {
        if let subresource = context.path.subresource { return try run(subresource, context, verb: verb) }
        let row = "\(context.descriptor.group)/\(context.descriptor.plural)"
        if let review = AccessReviews.handlers[row] {
            guard verb == "create" else { throw .methodNotAllowed }
            return try AccessReviews.run(context, review)
        }
        guard context.descriptor.verbs.contains(verb) else { throw .methodNotAllowed }
        if context.descriptor.isNamespaced, context.path.namespace == nil, verb != "list", verb != "watch" {
            // The objects of all namespaces are read at this path; a name has no place in it.
            throw context.path.name == nil ? .methodNotAllowed : .unknownPath
        }
        switch verb {
        case "get" where row == "/componentstatuses": try ComponentStatuses.get(context)
        case "list" where row == "/componentstatuses": try ComponentStatuses.list(context)
        case _ where ResourceMetrics.serves(context.endpoint): try ResourceMetrics.run(context, verb: verb)
        case "get": try GetVerb.run(context)
        case "list": try ListVerb.run(context)
        case "watch": try WatchVerb.run(context)
        case "create":
            guard context.path.name == nil else { throw .methodNotAllowed }
            if row == "/bindings" { return try BindingSubresource.runCollection(context) }
            try CreateVerb.run(context)
        case "update":
            guard context.path.name != nil else { throw .methodNotAllowed }
            try UpdateVerb.run(context)
        case "patch":
            guard context.path.name != nil else { throw .methodNotAllowed }
            try PatchVerb.run(context)
        case "delete": try DeleteVerb.run(context)
        case "deletecollection": try DeleteCollectionVerb.run(context)
        default: throw .methodNotAllowed
        }
    }

    private static func run(_ name: String, _ context: RequestContext, verb: String) throws(APIStatus) {
        guard let subresource = context.descriptor.subresource(name) else { throw .unknownPath }
        guard subresource.verbs.contains(verb) || ConnectSubresource.names.contains(name) else { throw .methodNotAllowed }
        switch name {
        case "status":
            switch verb {
            case "get": try GetVerb.run(context)
            case "update": try UpdateVerb.run(context, subresource: "status")
            default: try PatchVerb.run(context, subresource: "status")
            }
        case "scale": try ScaleSubresource.run(context, verb: verb)
        case "binding": try BindingSubresource.run(context)
        case "eviction": try EvictionSubresource.run(context)
        case "finalize": try FinalizeSubresource.run(context)
        case "token": try TokenSubresource.run(context)
        case "approval", "ephemeralcontainers", "resize":
            switch verb {
            case "get": try GetVerb.run(context)
            case "update": try UpdateVerb.run(context, subresource: name)
            default: try PatchVerb.run(context, subresource: name)
            }
        case "log": try LogSubresource.run(context)
        case "exec", "attach", "portforward":
            throw .badRequest("Upgrade request required: \(name) needs a connection upgraded to WebSocket or SPDY/3.1")
        case "proxy": ProxySubresource.run(context)
        default:
            throw APIStatus(
                code: 501, reason: nil, message: "\(context.descriptor.plural)/\(name) is not served by this kdash yet")
        }
    }
}

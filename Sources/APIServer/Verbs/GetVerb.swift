internal import APIMachinery

/// GET of one object.
enum GetVerb {
    static func run(_ context: RequestContext) throws(APIStatus) {
        let renderer = try ObjectRenderer(context)
        guard let stored = try context.core.current(context.key, context.endpoint) else {
            throw .notFound(context.descriptor.groupResource, context.name)
        }
        context.reply(try renderer.response(stored))
    }
}

internal import APIMachinery
internal import KubeClient
internal import ObjectStore

/// GET of one object.
enum GetVerb {
    static func run(_ context: RequestContext) throws(APIStatus) {
        if context.path.subresource == nil, try past(context) { return }
        let renderer = try ObjectRenderer(context, isList: false)
        guard let wanted = try revision(context), wanted > context.core.store.currentRevision else { return try answer(context, renderer) }
        try FutureRevision.wait(for: wanted, context.core) { isThere in
            context.answering { () throws(APIStatus) in
                guard isThere else { throw .futureResourceVersion(wanted, current: context.core.store.currentRevision) }
                try answer(context, renderer)
            }
        }
    }

    /// Answers a request that asks for the past; false when it does not.
    private static func past(_ context: RequestContext) throws(APIStatus) -> Bool {
        if try HistoryVerb.answers(context) { return true }
        guard let moment = try PastMoment(context) else { return false }
        var context = context
        context.now = moment.time
        let renderer = try ObjectRenderer(context, isList: false)
        guard let stored = try moment.object(context) else { throw .notFound(context.descriptor.groupResource, context.name) }
        context.reply(try renderer.response(stored))
        return true
    }

    /// The revision that the answer is to be no older than; nil when none is asked for.
    private static func revision(_ context: RequestContext) throws(APIStatus) -> Int64? {
        try ListOptions.revision(context.request.queryValue("resourceVersion") ?? "", kind: "GetOptions")
    }

    private static func answer(_ context: RequestContext, _ renderer: ObjectRenderer) throws(APIStatus) {
        guard let stored = try context.core.current(context.key, context.endpoint) else {
            throw .notFound(context.descriptor.groupResource, context.name)
        }
        context.reply(try renderer.response(stored))
    }
}

internal import APIMachinery
internal import KubeClient
internal import NIOCore
internal import ObjectStore

/// GET of a collection with `watch=true`.
enum WatchVerb {
    static func run(_ context: RequestContext) throws(APIStatus) {
        // Informers of metadata ask for a watch in the form of the list, too.
        let renderer = try ObjectRenderer(context)
        let options = try ListOptions(context.request, isWatch: true)
        var fields = options.fields
        if let name = context.path.name {
            // What is authorized is the name in the path. Source: apiserver `pkg/endpoints/handlers/get.go` ListResource.
            guard fields.isEmpty || fields.exactValue(of: "metadata.name") == name else {
                throw .badRequest("fieldSelector metadata.name doesn't match requested name")
            }
            fields = FieldSelector(requirements: fields.requirements + [FieldSelector.Requirement(field: "metadata.name", value: name)])
        }
        let selection = try ObjectSelection(options.labels, fields, context.descriptor)
        let encoder = WatchEncoder(renderer: renderer, selection: selection, endpoint: context.endpoint)
        let prefix = context.endpoint.prefix(namespace: context.path.namespace ?? selection.namespace)
        if options.sendsInitialEvents == true, let wanted = try options.revision(), wanted > context.core.store.currentRevision {
            return try FutureRevision.wait(for: wanted, context.core) { isThere in
                guard isThere else { return refuse(.futureResourceVersion(wanted, current: context.core.store.currentRevision), context, renderer) }
                context.answering { () throws(APIStatus) in try begin(context, options, prefix, encoder, renderer) }
            }
        }
        try begin(context, options, prefix, encoder, renderer)
    }

    private static func begin(
        _ context: RequestContext, _ options: ListOptions, _ prefix: String, _ encoder: WatchEncoder, _ renderer: ObjectRenderer
    ) throws(APIStatus) {
        guard let stream = try open(context, options, prefix, encoder, renderer) else { return }
        stream.start(timeout: timeout(options), on: context.core.group.any(), lifetime: context.endpoint.custom?.lifetime)
        context.reply(APIResponse(contentType: renderer.choice.encoding.watchContentType, body: .stream(stream)))
    }

    /// The stream; nil when the answer was an ERROR event and has been given.
    private static func open(
        _ context: RequestContext, _ options: ListOptions, _ prefix: String, _ encoder: WatchEncoder, _ renderer: ObjectRenderer
    ) throws(APIStatus) -> WatchStream? {
        let store = context.core.store
        let revision = try options.revision()
        let current = store.currentRevision
        let wantsInitial = options.sendsInitialEvents ?? (revision == nil || revision == 0)
        do throws(StoreError) {
            guard wantsInitial else {
                let start = revision.flatMap { $0 == 0 ? nil : $0 } ?? current
                // A revision that is still to come is waited for. Source: apiserver `pkg/storage/cacher/cache_watcher.go` process.
                return WatchStream(
                    watch: try store.watch(prefix: prefix, from: min(start, current)), initial: [], revision: start, encoder: encoder,
                    endsInitialWithBookmark: false, allowsBookmarks: options.allowsBookmarks, clock: context.core.bookmarks)
            }
            let listing = try store.list(prefix: prefix)
            let strategy = context.endpoint.strategy
            let items = strategy.expires ? listing.items.filter { !strategy.isExpired($0, now: context.now) } : listing.items
            return WatchStream(
                watch: try store.watch(prefix: prefix, from: listing.revision), initial: items, revision: listing.revision,
                encoder: encoder, endsInitialWithBookmark: options.sendsInitialEvents == true && options.allowsBookmarks,
                allowsBookmarks: options.allowsBookmarks,
                clock: context.core.bookmarks)
        } catch {
            guard case .compacted(let oldest) = error else { throw StoreFailure.status(error) }
            refuse(.expired("too old resource version: \(revision ?? 0) (\(oldest))"), context, renderer)
            return nil
        }
    }

    /// Answers with an ERROR event and nothing else.
    private static func refuse(_ status: APIStatus, _ context: RequestContext, _ renderer: ObjectRenderer) {
        var event: [UInt8] = []
        WatchFrames(renderer).append(status, into: &event)
        context.reply(APIResponse(contentType: renderer.choice.encoding.watchContentType, body: .stream(ByteChannel(event))))
    }

    /// As asked, else between half an hour and an hour, so that reconnections spread.
    private static func timeout(_ options: ListOptions) -> TimeAmount {
        if let seconds = options.timeoutSeconds, seconds > 0 { return .seconds(min(seconds, 86400)) }
        return .seconds(Int64.random(in: 1800...3600))
    }
}

internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import NIOPosix
internal import ObjectStore

/// GET of a collection.
enum ListVerb {
    /// Which revision a list is read at, and how.
    struct Source {
        var revision: Int64?
        var after: String?
        /// Whether the client continues an expired list, which may be inconsistent.
        var isInconsistent = false
        /// The moment, when the list is of the past.
        var past: PastMoment?
    }

    static func run(_ context: RequestContext) throws(APIStatus) {
        if try HistoryVerb.answers(context) { return }
        guard let past = try PastMoment(context) else { return try run(context, past: nil) }
        var context = context
        context.now = past.time
        try run(context, past: past)
    }

    private static func run(_ context: RequestContext, past: PastMoment?) throws(APIStatus) {
        let renderer = try ObjectRenderer(context, isList: true)
        let options = try ListOptions(context.request, isWatch: false)
        let selection = try ObjectSelection(options.labels, options.fields, context.descriptor)
        guard let wanted = try futureRevision(options, context) else { return try run(context, options, selection, renderer, past) }
        try FutureRevision.wait(for: wanted, context.core) { isThere in
            context.answering { () throws(APIStatus) in
                guard isThere else { throw .futureResourceVersion(wanted, current: context.core.store.currentRevision) }
                try run(context, options, selection, renderer, past)
            }
        }
    }

    private static func run(
        _ context: RequestContext, _ options: ListOptions, _ selection: ObjectSelection, _ renderer: ObjectRenderer, _ past: PastMoment?
    ) throws(APIStatus) {
        var source = try source(options, context)
        source.past = past
        let page = try read(context, selection, options, source)
        guard renderer.isSlow(page.items) else { return context.reply(answer(page, renderer, context)) }
        NIOThreadPool.singleton.submit { _ in context.reply(answer(page, renderer, context)) }
    }

    /// The revision a list that may be newer waits for; nil when it is there.
    private static func futureRevision(_ options: ListOptions, _ context: RequestContext) throws(APIStatus) -> Int64? {
        // A limit without a match is served from any revision.
        guard options.continueToken == nil, options.match != "Exact", options.match != nil || options.limit == nil,
            let wanted = try options.revision(), wanted > context.core.store.currentRevision
        else { return nil }
        return wanted
    }

    /// One page, already filtered.
    struct Page {
        var items: [StoredObject]
        /// Parsed items, when the selection had to parse them.
        var parsed: [KubeObject]?
        var revision: Int64
        var continueToken: String?
        var remaining: Int?

        /// The list's `metadata`.
        var metadata: ListMeta {
            ListMeta(resourceVersion: String(revision), continueToken: continueToken, remainingItemCount: remaining.map(Int64.init))
        }
    }

    private static func source(_ options: ListOptions, _ context: RequestContext) throws(APIStatus) -> Source {
        if let text = options.continueToken {
            guard options.resourceVersion.isEmpty || options.resourceVersion == "0" else {
                throw .badRequest("specifying resource version is not allowed when using continue")
            }
            let token = try ContinueToken(parsing: text)
            return Source(
                revision: token.revision == -1 ? nil : token.revision, after: token.after, isInconsistent: token.revision == -1)
        }
        guard let revision = try options.revision(), revision > 0 else { return Source() }
        let current = context.core.store.currentRevision
        if options.match == "Exact" || (options.match == nil && options.limit != nil) {
            guard revision <= current else { throw .futureResourceVersion(revision, current: current) }
            return Source(revision: revision)
        }
        guard revision <= current else { throw .futureResourceVersion(revision, current: current) }
        return Source()
    }

    /// Reads objects until the page is full. Throws Expired with a token to go on with.
    static func read(
        _ context: RequestContext, _ selection: ObjectSelection, _ options: ListOptions, _ source: Source
    ) throws(APIStatus) -> Page {
        let prefix = context.endpoint.prefix(namespace: context.path.namespace ?? selection.namespace)
        let core = context.core
        var after = source.after
        if let after, !after.hasPrefix(prefix) { throw .badRequest("invalid continue token: it belongs to another list") }
        var page = Page(items: [], parsed: selection.isByKeyOnly ? nil : [], revision: 0)
        var revision = source.revision
        while true {
            // Without a selector a page is exactly what the store returns; with one, more is read until enough matches.
            let wanted = options.limit.map { selection.isEverything ? $0 : max(2 * ($0 - page.items.count), 64) }
            let listing: Listing
            if let past = source.past {
                listing = try past.list(context, prefix: prefix, after: after, limit: wanted)
            } else {
                do throws(StoreError) {
                    listing = try core.store.list(prefix: prefix, after: after, limit: wanted, at: revision)
                } catch {
                    throw expired(error, source, options)
                }
            }
            revision = listing.revision
            page.revision = listing.revision
            for (index, item) in listing.items.enumerated() {
                if !accept(item, into: &page, context, selection) { continue }
                guard let limit = options.limit, page.items.count == limit else { continue }
                let isLast = index == listing.items.count - 1 && listing.remaining == 0
                guard !isLast else { return page }
                page.continueToken = ContinueToken(revision: listing.revision, after: item.key.string).text
                if selection.isEverything { page.remaining = listing.remaining + listing.items.count - 1 - index }
                return page
            }
            guard let next = listing.next else { return page }
            after = next
        }
    }

    private static func accept(
        _ item: StoredObject, into page: inout Page, _ context: RequestContext, _ selection: ObjectSelection
    ) -> Bool {
        guard selection.matches(item.key) else { return false }
        let strategy = context.endpoint.strategy
        if strategy.expires, strategy.isExpired(item, now: context.now) { return false }
        if page.parsed != nil {
            let object: KubeObject
            do throws(APIStatus) {
                object = try ObjectCoding.decode(item)
            } catch {
                ObjectRenderer.leaveOut(item.key, error, context.core.logger)
                return false
            }
            let served = context.endpoint.conversion.map { KubeObject($0.served(object.value)) } ?? object
            guard selection.matches(served) else { return false }
            page.parsed?.append(object)
        }
        page.items.append(item)
        return true
    }

    private static func expired(_ error: StoreError, _ source: Source, _ options: ListOptions) -> APIStatus {
        guard case .compacted = error else { return StoreFailure.status(error) }
        guard let after = source.after else {
            return .expired("The resourceVersion for the provided list is too old.")
        }
        var status = APIStatus.expired(ContinueToken.expiredMessage)
        status.continueToken = ContinueToken(revision: -1, after: after).text
        return status
    }

    /// Writes a page in the asked form; the plain form joins stored bytes without parsing one of them.
    static func answer(_ page: Page, _ renderer: ObjectRenderer, _ context: RequestContext) -> APIResponse {
        let descriptor = context.descriptor
        if renderer.isPlain, !renderer.choice.isYAML {
            return renderer.choice.encoding == .protobuf
                ? renderer.binaryList(page.items, metadata: page.metadata) : plain(page, descriptor)
        }
        let objects =
            page.parsed
            ?? page.items.compactMap { item in
                do throws(APIStatus) {
                    return try ObjectCoding.decode(item)
                } catch {
                    renderer.leaveOut(item.key, error)
                    return nil
                }
            }
        return answer(objects.map { renderer.served($0) }, metadata: page.metadata.object, renderer, descriptor)
    }

    /// Writes objects in the served form as a list in the asked form.
    static func answer(
        _ served: [KubeObject], metadata: JSONObject, _ renderer: ObjectRenderer, _ descriptor: ResourceDescriptor
    ) -> APIResponse {
        switch renderer.choice.form {
        case .table(let version):
            return renderer.respond(renderer.table(served, version: version, metadata: metadata, hasColumns: true))
        case .metadata:
            return renderer.respond([
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": .object(metadata),
                "items": .array(served.map { renderer.partial($0) }),
            ])
        case .object:
            return renderer.respond([
                "kind": .string(descriptor.listKind.kind), "apiVersion": .string(descriptor.groupVersion.apiVersion),
                "metadata": .object(metadata), "items": .array(served.map { item($0, descriptor) }),
            ])
        }
    }

    /// Items of built-in kinds do not say again what the list says.
    static func item(_ object: KubeObject, _ descriptor: ResourceDescriptor) -> JSONValue {
        guard descriptor.type.custom == nil, case .object(var members) = object.value else { return object.value }
        members["kind"] = nil
        members["apiVersion"] = nil
        return .object(members)
    }

    private static func plain(_ page: Page, _ descriptor: ResourceDescriptor) -> APIResponse {
        var out: [UInt8] = []
        out += "{\"kind\":\"\(descriptor.listKind.kind)\",\"apiVersion\":\"\(descriptor.groupVersion.apiVersion)\",\"metadata\":".utf8
        JSON.encode(.object(page.metadata.object), into: &out)
        out += ",\"items\":[".utf8
        let list = ListBody(head: out, items: page.items, of: descriptor.type.custom == nil ? descriptor.gvk : nil)
        guard list.count >= ListBody.threshold else { return APIResponse(body: .bytes(list.bytes)) }
        return APIResponse(headers: [("content-length", String(list.count))], body: .stream(list))
    }
}

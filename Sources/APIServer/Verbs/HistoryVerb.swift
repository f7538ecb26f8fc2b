internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import NIOPosix
internal import ObjectStore

/// GET with `kdashHistory`: what was written to an object, or in a collection, and what it was each time. It stands on the paths of
/// Kubernetes, so that who may get an object may get its history, and who may list a collection may list what changed in it.
enum HistoryVerb {
    static let parameter = "kdashHistory"

    /// How many versions come at a time, and at most.
    private static let (usual, most) = (100, 500)
    /// How far a history of a collection reaches back when nothing is said.
    private static let usualSpan = Duration.seconds(3600)

    /// What is asked for.
    private struct Question {
        var filter = ChangeFilter.all
        var since: Timestamp
        var before = Int64.max
        var limit: Int
        var includesObjects: Bool
    }

    /// Answers a request that asks for history; false when it does not.
    static func answers(_ context: RequestContext) throws(APIStatus) -> Bool {
        guard let word = context.request.queryValue(parameter), !word.isEmpty else { return false }
        let question = try question(word, context)
        NIOThreadPool.singleton.submit { _ in
            context.answering { () throws(APIStatus) in context.reply(try answer(question, context)) }
        }
        return true
    }

    private static func question(_ word: String, _ context: RequestContext) throws(APIStatus) -> Question {
        let isObject = context.path.name != nil
        let filters: [String: ChangeFilter] = isObject ? ["revisions": .all] : ["all": .all, "changes": .archived, "deletions": .deletions]
        guard let filter = filters[word] else {
            let known = filters.keys.sorted().joined(separator: ", ")
            throw .badRequest("invalid \(parameter) \(word.goQuoted): of \(isObject ? "an object" : "a collection") it can be \(known)")
        }
        for unsupported in ["labelSelector", "fieldSelector", "watch"] where context.request.queryValue(unsupported)?.isEmpty == false {
            throw .badRequest("\(parameter) does not go with \(unsupported)")
        }
        let options = try ListOptions(APIRequest(path: context.request.path, query: context.request.query.filter { $0.name == "limit" }), isWatch: false)
        var question = Question(
            filter: filter, since: context.now.advanced(by: .zero - usualSpan), limit: min(options.limit ?? usual, most), includesObjects: true)
        if let text = context.request.queryValue("kdashSince"), !text.isEmpty {
            guard let since = Timestamp(rfc3339: text) else {
                throw .badRequest("invalid kdashSince \(text.goQuoted): it must be a time such as \(context.now.rfc3339)")
            }
            question.since = since
        }
        if let text = context.request.queryValue("continue"), !text.isEmpty {
            guard let before = Int64(text), before > 0 else { throw .badRequest("invalid continue token: \(text.goQuoted) is no revision") }
            question.before = before
        }
        switch context.request.queryValue("includeObject") ?? "Object" {
        case "Object", "": break
        case "None": question.includesObjects = false
        case let other: throw .badRequest("unrecognized includeObject value: \(other.goQuoted): a history has None or Object")
        }
        return question
    }

    private static func answer(_ question: Question, _ context: RequestContext) throws(APIStatus) -> APIResponse {
        let store = context.core.store
        let versions: [ObjectVersion]
        do throws(StoreError) {
            if context.path.name != nil {
                versions = try store.history(of: context.key, before: question.before, limit: question.limit)
            } else {
                versions = try store.changes(
                    prefix: context.endpoint.prefix(namespace: context.path.namespace), since: question.since, before: question.before,
                    question.filter, limit: question.limit)
            }
        } catch {
            throw StoreFailure.status(error)
        }
        var metadata: JSONObject = ["resourceVersion": .string(String(store.currentRevision))]
        // More may follow: the answer was cut by number or by size.
        if let last = versions.last, versions.count == question.limit || isCut(versions) {
            metadata["continue"] = .string(String(last.revision))
        }
        let renderer = try ObjectRenderer(context, isList: false)
        return APIResponse(
            body: .bytes(
                JSON.encode([
                    "kind": "ObjectHistory", "apiVersion": "kdash.dev/v1", "metadata": .object(metadata), "kept": kept(store),
                    "items": .array(versions.map { item($0, question, renderer) }),
                ])))
    }

    private static func isCut(_ versions: [ObjectVersion]) -> Bool {
        versions.reduce(0) { $0 + ($1.object?.bytes.count ?? 0) } > 4 << 20
    }

    /// How far back history reaches, and what bounds it. A moment is missing while nothing was forgotten.
    private static func kept(_ store: ObjectStore) -> JSONValue {
        let (kept, options) = (store.kept, store.options)
        var value: JSONValue = [
            "versionSeconds": .integer(options.archiveAge.components.seconds), "versionBytes": .integer(options.archiveBytes),
            "stateSeconds": .integer(options.stateAge.components.seconds), "stateBytes": .integer(options.stateBytes),
        ]
        if kept.archive.seconds > 0 { value["versionsSince"] = .string(kept.archive.rfc3339Micro) }
        if kept.states.seconds > 0 { value["statesSince"] = .string(kept.states.rfc3339Micro) }
        return value
    }

    private static func item(_ version: ObjectVersion, _ question: Question, _ renderer: ObjectRenderer) -> JSONValue {
        let what = version.isDeletion ? "deleted" : version.previous == 0 ? "created" : version.isStateOnly ? "status" : "changed"
        var item: JSONValue = [
            "revision": .string(String(version.revision)), "previous": .string(String(version.previous)),
            "time": .string(version.time.rfc3339Micro), "user": .string(version.writer), "type": .string(what), "name": .string(version.key.name),
        ]
        if let namespace = version.key.namespace { item["namespace"] = .string(namespace) }
        guard let stored = version.object else { return item }
        // best effort: a version that cannot be read is told without what it was.
        guard let object = try? ObjectCoding.decode(stored) else { return item }
        item["uid"] = .string(object.uid)
        if question.includesObjects { item["object"] = renderer.served(object).value }
        return item
    }
}

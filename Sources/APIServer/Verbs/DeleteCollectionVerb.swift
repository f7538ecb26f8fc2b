internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import ObjectStore
internal import Synchronization

/// DELETE of a collection: every selected object is deleted by itself; the answer lists them.
enum DeleteCollectionVerb {
    static func run(_ context: RequestContext) throws(APIStatus) {
        let renderer = try ObjectRenderer(context, isList: true)
        let options = try DeleteOptions(context.request, registry: context.core.registry)
        let listOptions = try ListOptions(context.request, isWatch: false)
        let selection = try ObjectSelection(listOptions.labels, listOptions.fields, context.descriptor)
        let page = try ListVerb.read(context, selection, listOptions, ListVerb.Source())
        let gathering = Gathering(count: page.items.count) { outcomes in
            if let failure = outcomes.compactMap(\.failure).first { return context.reply(ResponseMaking.status(failure)) }
            let objects = outcomes.compactMap(\.object).map { renderer.served($0) }
            let metadata: JSONObject = ["resourceVersion": .string(String(context.core.store.currentRevision))]
            context.reply(ListVerb.answer(objects, metadata: metadata, renderer, context.descriptor))
        }
        gathering.finishIfEmpty()
        for (index, item) in page.items.enumerated() {
            var own = options
            // The object that was selected, not one that has taken its name since.
            if own.uid == nil, let object = page.parsed?[index] { own.uid = object.uid }
            DeleteVerb.mutation(context, key: item.key, own).run { result in
                switch result {
                case .success(let outcome): gathering.set(index, .deleted(outcome.object))
                case .failure(let status): gathering.set(index, status.reason == .notFound ? .gone : .failed(status))
                }
            }
        }
    }

    /// What became of one object.
    private enum Result {
        case waiting
        case deleted(KubeObject)
        case gone
        case failed(APIStatus)

        var object: KubeObject? { if case .deleted(let object) = self { object } else { nil } }
        var failure: APIStatus? { if case .failed(let status) = self { status } else { nil } }
    }

    /// Waits for a number of results and hands all of them on at once.
    private final class Gathering: Sendable {
        private let state: Mutex<(results: [Result], missing: Int)>
        private let done: @Sendable ([Result]) -> Void

        init(count: Int, done: @escaping @Sendable ([Result]) -> Void) {
            state = Mutex((Array(repeating: .waiting, count: count), count))
            self.done = done
        }

        func finishIfEmpty() {
            if state.withLock({ $0.missing == 0 }) { done([]) }
        }

        func set(_ index: Int, _ result: Result) {
            let complete = state.withLock { state -> [Result]? in
                state.results[index] = result
                state.missing -= 1
                return state.missing == 0 ? state.results : nil
            }
            if let complete { done(complete) }
        }
    }
}

import APIMachinery
import KubeClient
import LinuxKernel

/// Follows a kind where one may: everywhere, or where the server refuses that, in each of the chosen namespaces.
@MainActor final class NamespaceFeeds {
    /// The most namespaces that are followed one by one.
    static let most = 20
    /// Tables are brought up to date at most this often: what comes between is taken together.
    static let pause = Duration.milliseconds(30)

    private let time: any TimeSource
    private let isNamespaced: Bool
    private let scope: () -> NamespaceScope
    private let makeFeed: (String?) -> ResourceFeed
    private var feeds: [ResourceFeed] = []
    /// The namespaces that are followed one by one, as everything may not be listed; nil while everything is followed.
    private(set) var namespaces: Set<String>?
    private var chosen = 0
    /// Whether namespaces are followed one by one.
    var isNarrow: Bool { namespaces != nil }

    /// Feeds for a scope, which is asked when it matters; `makeFeed` makes the one of a namespace, nil for all.
    init(isNamespaced: Bool, scope: @escaping () -> NamespaceScope, time: any TimeSource, makeFeed: @escaping (String?) -> ResourceFeed) {
        (self.isNamespaced, self.scope, self.time, self.makeFeed) = (isNamespaced, scope, time, makeFeed)
    }

    /// The namespaces that would be followed one by one; none where everything is wanted.
    private var names: Set<String> {
        if isNamespaced, case .only(let names) = scope() { names } else { [] }
    }

    /// Whether no feed may read anything.
    var isRefused: Bool { feeds.allSatisfy(\.state.isRefusal) }
    /// Whether every namespace was listed, or may not be.
    func isListed(_ parts: [String?: TablePart]) -> Bool {
        feeds.allSatisfy { $0.state.isRefusal || parts[$0.namespace]?.isListed == true }
    }

    /// What is not followed, and why; nil when everything is.
    var trouble: String? {
        let failing = feeds.compactMap { feed in feed.state.failure.map { (feed.namespace, $0) } }
        guard let (namespace, status) = failing.first else {
            guard isNarrow, chosen > Self.most else { return nil }
            return "only \(Self.most) of \(chosen) namespaces are followed one by one"
        }
        guard isNarrow, namespace != nil else { return status.message }
        let refused = failing.compactMap(\.0)
        return "\(refused.count == 1 ? "namespace" : "namespaces") \(refused.joined(separator: ", ")): \(status.message)"
    }

    /// Follows until the task is cancelled, or `take` says that it is enough. `take` is told which feed has something and, when namespaces
    /// are followed one by one, which are.
    func follow(_ take: @escaping @MainActor (ResourceFeed) -> Bool) async {
        feeds = [makeFeed(nil)]
        guard await run(feeds, take), !Task.isCancelled else { return }
        let wanted = names
        chosen = wanted.count
        let first = wanted.sorted().prefix(Self.most)
        namespaces = Set(first)
        feeds = first.map { makeFeed($0) }
        _ = await run(feeds, take)
    }

    /// Whether a feed has learned that everything may not be listed, where single namespaces may be.
    private func isRefused(_ feed: ResourceFeed) -> Bool { feed.namespace == nil && feed.state.isRefusal && !names.isEmpty }

    /// Runs feeds; returns whether that ended as everything may not be listed.
    private func run(_ feeds: [ResourceFeed], _ take: @escaping @MainActor (ResourceFeed) -> Bool) async -> Bool {
        let isRefused = await withTaskGroup(of: Bool?.self) { group in
            for feed in feeds {
                group.addTask {
                    await feed.run()
                    return nil
                }
                group.addTask { await self.hand(feed, to: take) }
            }
            for await end in group {
                guard let end else { continue }
                group.cancelAll()
                return end
            }
            return false
        }
        return isRefused
    }

    /// Hands over what a feed brings. Returns nil when cancelled, else whether the end is that everything may not be listed.
    private func hand(_ feed: ResourceFeed, to take: @MainActor (ResourceFeed) -> Bool) async -> Bool? {
        for await _ in feed.wake {
            guard !Task.isCancelled else { return nil }
            if isRefused(feed) { return true }
            guard take(feed) else { return false }
            do { try await time.sleep(for: Self.pause) } catch { return nil }
        }
        return nil
    }
}

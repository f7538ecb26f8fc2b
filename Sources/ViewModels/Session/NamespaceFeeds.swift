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
    private let scope: NamespaceScope
    private let makeFeed: (String?) -> ResourceFeed
    private var feeds: [ResourceFeed] = []
    /// Whether namespaces are followed one by one, as everything may not be listed.
    private(set) var isNarrow = false

    /// Feeds for a scope; `makeFeed` makes the one of a namespace, nil for all.
    init(isNamespaced: Bool, scope: NamespaceScope, time: any TimeSource, makeFeed: @escaping (String?) -> ResourceFeed) {
        (self.isNamespaced, self.scope, self.time, self.makeFeed) = (isNamespaced, scope, time, makeFeed)
    }

    /// The namespaces that would be followed one by one; none where everything is wanted.
    private var names: [String] {
        guard isNamespaced, case .only(let names) = scope else { return [] }
        return Array(names.sorted().prefix(Self.most))
    }

    /// What is not followed, and why; nil when everything is.
    var trouble: String? {
        let failing = feeds.compactMap { feed in feed.state.failure.map { (feed.namespace, $0) } }
        guard let (namespace, status) = failing.first else {
            guard isNarrow, case .only(let all) = scope, all.count > Self.most else { return nil }
            return "only \(Self.most) of \(all.count) namespaces are followed one by one"
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
        isNarrow = true
        feeds = names.map { makeFeed($0) }
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

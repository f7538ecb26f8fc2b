package import APIMachinery
package import KubeClient
package import LinuxKernel

/// Tells when any object of some resources changes, for what is read anew then.
package final class ChangeWatch: Sendable {
    /// One tell stands for any number of changes; the first comes at once.
    package let wake: AsyncStream<Void>
    private let informers: [Informer]

    /// A watch of resources in a namespace; nil for all.
    package init(_ resources: [GroupVersionResource], namespace: String?, _ client: KubeClient, time: any TimeSource) {
        let (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.wake = wake
        informers = resources.map { Informer(client: client, resource: $0, namespace: namespace, time: time) }
        for informer in informers { informer.addHandler { _ in waker.yield() } }
        waker.yield()
    }

    /// Watches until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for informer in informers { group.addTask { await informer.run() } }
        }
    }
}

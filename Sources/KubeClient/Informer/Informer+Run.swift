import APIMachinery
import LinuxKernel

extension Informer {
    /// Objects per list request, as client-go asks for.
    static let pageSize = 500

    /// Follows the server until the task is cancelled: lists, watches from there, lists again when the revision became too old, and
    /// pauses longer and longer while the server fails.
    package func run() async {
        await WatchLoop.run(time: time) { () async throws(APIStatus) -> String in
            try await self.relist()
        } follow: { (position: inout String?, heard: inout Bool) async throws(APIStatus) in
            try await self.follow(&position, heard: &heard)
        } onFailure: {
            self.setState(.failing($0))
        }
    }

    private func relist() async throws(APIStatus) -> String {
        do throws(APIStatus) {
            return try await relist(pageSize: Self.pageSize)
        } catch {
            guard error.code == 410 else { throw error }
            // The list's revision was compacted away between two pages: all at once cannot expire.
            return try await relist(pageSize: nil)
        }
    }

    private func relist(pageSize: Int?) async throws(APIStatus) -> String {
        var items: [KubeObject] = []
        var options = ListOptions(labels: labels, fields: fields, limit: pageSize)
        while true {
            let page = try await client.list(resource, namespace: namespace, options)
            items += page.items
            options.continueToken = page.continueToken
            guard page.continueToken == nil else { continue }
            replace(with: items, revision: Int64(page.resourceVersion) ?? 0)
            return page.resourceVersion
        }
    }

    /// Watches from `position` on and moves it with every event. Returns when the server ends the watch.
    private func follow(_ position: inout String?, heard: inout Bool) async throws(APIStatus) {
        let stream = try await client.watch(
            resource, namespace: namespace, from: position, labels: labels, fields: fields, timeoutSeconds: Int.random(in: 300..<600))
        defer { stream.cancel() }
        // The server is there again, however long nothing changes.
        setState(.following)
        var events = stream.makeAsyncIterator()
        while let event = try await events.next() {
            if case .error(let status) = event { throw status }
            heard = true
            apply(event)
            if let version = event.object?.resourceVersion, !version.isEmpty { position = version }
        }
    }
}

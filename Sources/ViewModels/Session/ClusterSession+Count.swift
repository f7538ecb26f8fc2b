import APIMachinery
package import KubeClient
import LinuxKernel

extension ClusterSession {
    /// How long the cursor of the palette rests before the server is asked.
    private static let countDelay = Duration.milliseconds(120)

    /// Asks the server for one object and how many remain: no list is read.
    package func count(_ kind: ServedKind) {
        // Asked with every frame while the answer is awaited.
        guard let client = cluster?.client, countedKind != kind.id || !tasks.isRunning(.count) else { return }
        countedKind = kind.id
        let narrow = kind.isNamespaced ? narrowTables[kind.id] : nil
        let namespaces: [String?] = narrow?.sorted() ?? [nil]
        tasks.run(.count) { [weak self, time] in
            do { try await time.sleep(for: Self.countDelay) } catch { return }
            do throws(APIStatus) {
                var count = 0
                for namespace in namespaces {
                    let list = try await client.list(kind.resource, namespace: namespace, ListOptions(limit: 1))
                    count += list.items.count + Int(clamping: list.remainingItemCount ?? 0)
                }
                if !Task.isCancelled { self?.app.kindCounts[kind.id] = .known(count) }
            } catch {
                if !Task.isCancelled { self?.app.kindCounts[kind.id] = .refused(error.message) }
            }
        }
    }
}

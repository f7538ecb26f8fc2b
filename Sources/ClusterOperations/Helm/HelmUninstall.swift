package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Taking a Helm release away: what goes, and doing it, as `helm uninstall` does, without hooks. Source: helm `pkg/action/uninstall.go`.
package struct HelmUninstall: Sendable {
    /// What becomes of one object of the release.
    package enum Fate: Sendable, Hashable {
        /// It is deleted.
        case goes
        /// It is not there any more.
        case gone
        /// Its chart asks for it to stay.
        case kept
    }

    /// One object of the release.
    package struct Item: Sendable, Hashable {
        /// The object, with its uid where it is there.
        package var target: ObjectTarget
        /// What becomes of it.
        package var fate: Fate
    }

    /// The newest revision.
    package let release: HelmRelease.Header
    /// All revisions: their Secrets go last.
    package let revisions: [HelmRelease.Header]
    /// The objects, in the order in which they go: the reverse of that in which they were made.
    package let items: [Item]
    /// How many hooks it has; they are not run, and what they made stays.
    package let hooks: Int
    let document: JSONValue

    /// The objects that go.
    package var going: [Item] { items.filter { $0.fate == .goes } }
    /// Kinds of which something goes that cannot be brought back, or that takes much with it; in words.
    package var dangers: [String] {
        let words = [
            "Namespace": "everything in its namespaces", "PersistentVolumeClaim": "the data of its claims", "PersistentVolume": "its volumes",
            "CustomResourceDefinition": "every object of the kinds that it defines",
        ]
        return words.keys.sorted().filter { kind in going.contains { $0.target.kind == kind } }.compactMap { words[$0] }
    }
    /// Whether a question with yes and no is too little.
    package var isGreat: Bool { !dangers.isEmpty || going.count > DeletionPlan.manyObjects }

    /// Reads what goes; of a release that was uninstalled and whose history was kept, its revisions alone. Throws BadRequest for a release that is
    /// gone, on which something is under way, or of which the server cannot show an object: its revisions alone know of that.
    package static func plan(_ header: HelmRelease.Header, _ client: KubeClient) async throws(APIStatus) -> HelmUninstall {
        let all = try await HelmRelease.list(in: header.namespace, client).filter { $0.name == header.name }
        guard let newest = all.first else { throw .badRequest("release \(header.name) is gone") }
        guard !newest.status.hasPrefix("pending") else {
            throw .badRequest("release \(header.name) is \(newest.status): another operation is under way, or was broken off; roll back first")
        }
        let document = try await HelmRelease.document(newest, client)
        let kinds = try await ServedKinds.read(client)
        var items: [Item] = []
        let objects = newest.status == uninstalled ? [] : try HelmManifest.objects(document["manifest"]?.stringValue ?? "", newest)
        for object in objects.reversed() { items.append(try await item(object, newest, kinds, client)) }
        let hooks = newest.status == uninstalled ? 0 : document["hooks"]?.arrayValue?.count ?? 0
        return HelmUninstall(release: newest, revisions: all, items: items, hooks: hooks, document: document)
    }

    private static let uninstalled = "uninstalled"

    private static func item(
        _ object: KubeObject, _ header: HelmRelease.Header, _ kinds: ServedKinds, _ client: KubeClient
    ) async throws(APIStatus) -> Item {
        guard let kind = kinds.kind(apiVersion: object.apiVersion, object.kind) else { throw HelmManifest.unknown(object, header) }
        let namespace = kind.isNamespaced ? object.namespace ?? header.namespace : nil
        var target = ObjectTarget(kind.resource, kind: kind.kind, namespace: namespace, name: object.name)
        do throws(APIStatus) {
            let live = try await client.get(kind.resource, namespace: namespace, name: object.name)
            target.uid = live.uid
            // What somebody asked for on the object itself holds, too.
            let isKept = [object, live].contains(where: HelmManifest.isKept)
            return Item(target: target, fate: isKept ? .kept : .goes)
        } catch {
            guard error.code == 404 else { throw error }
            return Item(target: target, fate: .gone)
        }
    }

    /// Takes it away: the release is marked as being uninstalled, its objects are deleted, then its Secrets. When an object is refused the rest goes
    /// all the same, the Secrets stay, and the error says what is left; doing it again goes on.
    package func run(at now: Timestamp, _ client: KubeClient) async throws(APIStatus) -> String {
        let all = try await HelmRelease.list(in: release.namespace, client).filter { $0.name == release.name }
        guard all.first == release else {
            throw APIStatus(code: 409, reason: .conflict, message: "release \(release.name) changed meanwhile: look at it again")
        }
        try await mark(client, at: now)
        var refusals: [String] = []
        for item in going {
            do throws(APIStatus) {
                _ = try await client.delete(
                    item.target.resource, namespace: item.target.namespace, name: item.target.name,
                    DeleteOptions(uid: item.target.uid, propagation: .background))
            } catch {
                // Gone by now, or a namesake that is nobody's of this release.
                if error.code != 404, error.code != 409 { refusals.append("\(item.target.text): \(error.message)") }
            }
        }
        guard refusals.isEmpty else {
            throw APIStatus(
                code: 500, reason: nil,
                message: "release \(release.name) is half gone: \(refusals.count) of \(going.count) objects were refused, the first \(refusals[0])")
        }
        for revision in all { _ = try await Deletions.delete(revision.keeper, client) }
        let kept = items.filter { $0.fate == .kept }.count
        let rest = [kept == 0 ? nil : "\(kept) stay as their chart asks", hooks == 0 ? nil : "its \(hooks) hooks were not run"].compactMap(\.self)
        if release.status == Self.uninstalled { return "release \(release.name) was uninstalled before: its \(all.count) revisions are gone now" }
        return "release \(release.name) is uninstalled: \(going.count) objects go\(rest.isEmpty ? "" : "; \(rest.joined(separator: ", "))")"
    }

    /// Says in the release itself that it is being taken away.
    private func mark(_ client: KubeClient, at now: Timestamp) async throws(APIStatus) {
        guard release.status != "uninstalling", release.status != Self.uninstalled else { return }
        let secret = try await release.keeper.read(client)
        var (header, document) = (release, document)
        header.status = "uninstalling"
        document["info", "status"] = "uninstalling"
        document["info", "deleted"] = HelmPacking.time(now)
        document["info", "description"] = "Deletion in progress (or silently failed)"
        var times = ["modifiedAt": "\(now.seconds)"]
        times["createdAt"] = secret.labels["createdAt"]
        var object = try HelmPacking.secret(document, header, times: times)
        object["metadata", "resourceVersion"] = secret["metadata", "resourceVersion"]
        _ = try await client.update(Secret.resource, object)
    }
}

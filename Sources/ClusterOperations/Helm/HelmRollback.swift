package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Going back to an older revision of a Helm release: what it changes, and doing it, as `helm rollback` does, without hooks.
/// Source: helm `pkg/action/rollback.go`.
package struct HelmRollback: Sendable {
    /// What becomes of one object.
    enum Step: Sendable, Hashable {
        /// It is made, as the older revision has it.
        case create(KubeObject)
        /// It is changed from what the newest revision wanted to what the older one wants; others' changes stay.
        case change(from: KubeObject, to: KubeObject)
        /// Only the newest revision has it.
        case delete(KubeObject)
        /// Only the newest revision has it, and its chart asks for it to stay.
        case keep(KubeObject)

        var object: KubeObject {
            switch self {
            case .create(let object), .change(_, let object), .delete(let object), .keep(let object): object
            }
        }
    }

    /// The revision to go back to.
    package let target: HelmRelease.Header
    /// The newest revision, which is left.
    package let current: HelmRelease.Header
    /// What the two revisions say, as YAML, to show the difference.
    package let manifests: (current: String, target: String)
    /// How many hooks the older revision has; they are not run.
    package let hooks: Int
    let steps: [Step]
    private let currentRelease: JSONValue
    private let targetRelease: JSONValue
    private let kinds: ServedKinds

    /// What is done, in words.
    package var lines: [String] {
        steps.map { step in
            let name = "\(step.object.kind.lowercased()) \(step.object.name)"
            return switch step {
            case .create: "creates \(name)"
            case .change: "changes \(name)"
            case .delete: "deletes \(name), which only revision \(current.version) has"
            case .keep: "leaves \(name), whose chart asks for it to stay"
            }
        }
    }

    /// Reads both revisions. Throws BadRequest when there is nothing to go back from or to, or something is under way.
    package static func plan(to target: HelmRelease.Header, _ client: KubeClient) async throws(APIStatus) -> HelmRollback {
        let all = try await HelmRelease.list(in: target.namespace, client).filter { $0.name == target.name }
        guard let current = all.first, let found = all.first(where: { $0.version == target.version }) else {
            throw .badRequest("revision \(target.version) of release \(target.name) is gone")
        }
        guard !current.status.hasPrefix("pending") else {
            throw .badRequest("release \(target.name) is \(current.status): another operation is under way, or was broken off")
        }
        guard current.status != "uninstalled", current.status != "uninstalling" else { throw .badRequest("release \(target.name) is \(current.status)") }
        guard current.version != found.version else { throw .badRequest("revision \(target.version) of release \(target.name) is the newest one already") }
        return try HelmRollback(
            target: found, current: current, currentRelease: try await HelmRelease.document(current, client),
            targetRelease: try await HelmRelease.document(found, client), kinds: try await ServedKinds.read(client))
    }

    private init(
        target: HelmRelease.Header, current: HelmRelease.Header, currentRelease: JSONValue, targetRelease: JSONValue, kinds: ServedKinds
    ) throws(APIStatus) {
        self.target = target
        self.current = current
        self.currentRelease = currentRelease
        self.targetRelease = targetRelease
        self.kinds = kinds
        manifests = (currentRelease["manifest"]?.stringValue ?? "", targetRelease["manifest"]?.stringValue ?? "")
        hooks = targetRelease["hooks"]?.arrayValue?.count ?? 0
        let before = try Self.objects(manifests.current, current, kinds)
        let after = try Self.objects(manifests.target, target, kinds)
        let known = Dictionary(before.map { (Self.key($0), $0) }, uniquingKeysWith: { first, _ in first })
        let wanted = Set(after.map(Self.key))
        steps =
            after.map { object in known[Self.key(object)].map { .change(from: $0, to: object) } ?? .create(object) }
            + before.filter { !wanted.contains(Self.key($0)) }.reversed().map { HelmManifest.isKept($0) ? .keep($0) : .delete($0) }
    }

    private static func key(_ object: KubeObject) -> String {
        "\(object.apiVersion.split(separator: "/").first ?? "")/\(object.kind)/\(object.namespace ?? "")/\(object.name)"
    }

    /// The documents of a manifest that name an object, each with its namespace.
    private static func objects(_ manifest: String, _ header: HelmRelease.Header, _ kinds: ServedKinds) throws(APIStatus) -> [KubeObject] {
        try HelmManifest.objects(manifest, header).map { object throws(APIStatus) in
            var object = object
            guard let kind = kinds.kind(apiVersion: object.apiVersion, object.kind) else { throw HelmManifest.unknown(object, header) }
            if kind.isNamespaced, object.namespace == nil { object["metadata", "namespace"] = .string(header.namespace) }
            return object
        }
    }

    // MARK: Doing it

    /// Asks the server whether it takes every change; nothing is kept. Returns what it would do.
    package func check(_ client: KubeClient) async throws(APIStatus) -> String {
        for step in steps { try await send(step, isDryRun: true, client) }
        return "the server accepts \(steps.count) changes"
    }

    /// Goes back: a new revision is written as under way, the objects are changed, and the revision is deployed. When a change fails, the
    /// revision stays as failed, as Helm leaves it, and the error says what was done.
    package func run(at now: Timestamp, _ client: KubeClient) async throws(APIStatus) -> String {
        guard let newest = try await HelmRelease.list(in: target.namespace, client).first(where: { $0.name == target.name }), newest == current else {
            throw APIStatus(code: 409, reason: .conflict, message: "release \(target.name) has a newer revision by now: look at it again")
        }
        var header = target
        header.version = current.version + 1
        var release = newRelease(header, at: now)
        let made = "\(now.seconds)"
        header.status = "pending-rollback"
        release["info", "status"] = .string(header.status)
        let secret = try await client.create(Secret.resource, try HelmPacking.secret(release, header, times: ["createdAt": made]), namespace: header.namespace)
        var done = 0
        do throws(APIStatus) {
            for step in steps {
                try await send(step, isDryRun: false, client)
                done += 1
            }
        } catch {
            let reason = "Rollback \"\(target.name)\" failed: \(error.message)"
            _ = try await client.update(Secret.resource, try revised(release, header, "failed", reason, secret, made, now))
            throw APIStatus(
                code: error.code, reason: error.reason,
                message: "\(done) of \(steps.count) changes were made, then: \(error.message); revision \(header.version) is failed")
        }
        try await supersede(client, at: now)
        _ = try await client.update(Secret.resource, try revised(release, header, "deployed", nil, secret, made, now))
        return
            "release \(target.name) is back at revision \(target.version), as revision \(header.version)\(hooks > 0 ? "; its \(hooks) hooks were not run" : "")"
    }

    private func newRelease(_ header: HelmRelease.Header, at now: Timestamp) -> JSONValue {
        var release = targetRelease
        release["version"] = .integer(header.version)
        release["info", "first_deployed"] = currentRelease["info", "first_deployed"] ?? HelmPacking.time(now)
        release["info", "last_deployed"] = HelmPacking.time(now)
        release["info", "deleted"] = ""
        release["info", "description"] = .string("Rollback to \(target.version)")
        return release
    }

    /// The Secret of the new revision with another status.
    private func revised(
        _ release: JSONValue, _ header: HelmRelease.Header, _ status: String, _ description: String?, _ secret: KubeObject, _ made: String,
        _ now: Timestamp
    ) throws(APIStatus) -> KubeObject {
        var (release, header) = (release, header)
        header.status = status
        release["info", "status"] = .string(status)
        if let description { release["info", "description"] = .string(description) }
        var object = try HelmPacking.secret(release, header, times: ["createdAt": made, "modifiedAt": "\(now.seconds)"])
        object["metadata", "resourceVersion"] = secret["metadata", "resourceVersion"]
        return object
    }

    /// Every revision that is deployed is so no more.
    private func supersede(_ client: KubeClient, at now: Timestamp) async throws(APIStatus) {
        let deployed = try await HelmRelease.list(in: target.namespace, client).filter { $0.name == target.name && $0.status == "deployed" }
        for var header in deployed {
            let secret = try await header.keeper.read(client)
            var release = try await HelmRelease.document(header, client)
            release["info", "status"] = "superseded"
            header.status = "superseded"
            var times = ["modifiedAt": "\(now.seconds)"]
            times["createdAt"] = secret.labels["createdAt"]
            var object = try HelmPacking.secret(release, header, times: times)
            object["metadata", "resourceVersion"] = secret["metadata", "resourceVersion"]
            _ = try await client.update(Secret.resource, object)
        }
    }

    private func send(_ step: Step, isDryRun: Bool, _ client: KubeClient) async throws(APIStatus) {
        let object = step.object
        guard let kind = kinds.kind(apiVersion: object.apiVersion, object.kind) else { return }
        var resource = kind.resource
        // The version that the chart names, not the preferred one.
        if let version = GroupVersion(apiVersion: object.apiVersion)?.version { resource.version = version }
        let options = WriteOptions(isDryRun: isDryRun, fieldManager: "helm")
        let live: KubeObject?
        do throws(APIStatus) {
            live = try await client.get(resource, namespace: object.namespace, name: object.name)
        } catch {
            guard error.code == 404 else { throw error }
            live = nil
        }
        switch step {
        case .keep: return
        case .delete:
            guard let live else { return }
            try await client.delete(
                resource, namespace: object.namespace, name: object.name, DeleteOptions(uid: live.uid, propagation: .background, isDryRun: isDryRun))
        case .create(let wanted), .change(_, let wanted):
            guard let live else {
                _ = try await client.create(resource, wanted, namespace: wanted.namespace, options: options)
                return
            }
            var before = wanted
            if case .change(let from, _) = step { before = from }
            let (type, patch) = try Self.patch(original: before.value, modified: wanted.value, current: live.value, resource)
            guard patch.objectValue?.isEmpty == false else { return }
            _ = try await client.patch(resource, namespace: object.namespace, name: object.name, type: type, patch, options: options)
        }
    }

    /// What turns the live object into the wanted one: fields that only the left revision wanted go, what nobody wanted stays.
    private static func patch(
        original: JSONValue, modified: JSONValue, current: JSONValue, _ resource: GroupVersionResource
    ) throws(APIStatus) -> (PatchType, JSONValue) {
        if let descriptor = builtinSchemas.resource(resource) {
            return (.strategicMerge, StrategicMergePatch.threeWay(original: original, modified: modified, current: current, type: descriptor.type))
        }
        let removed = try MergePatch.apply(MergePatch.diff(from: original, to: modified), to: current)
        return (.merge, MergePatch.diff(from: current, to: try MergePatch.apply(modified, to: removed)))
    }
}

import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// Versions of objects, as the cluster keeps them.
extension ClusterSession {
    private static let revisionsPause = Duration.seconds(3)

    package func openRevisions(_ binding: ObjectBinding) {
        guard let resource = binding.resource ?? builtinSchemas.resources.first(where: { $0.kind == binding.kind })?.gvr else {
            return app.toast("no kind \(binding.kind) is known", .warning)
        }
        let place = "\(binding.kind) \(binding.namespace.map { "\($0)/" } ?? "")\(binding.name)"
        let list = WrittenList(resource: resource, kind: binding.kind, name: binding.name, place: place)
        open(list, title: "Versions", binding: binding) { (client) async throws(APIStatus) in
            try await client.history(of: resource, namespace: binding.namespace, name: binding.name)
        }
    }

    package func openWritten() {
        let (kind, scope) = (app.kind, app.scope)
        let place = kind.isNamespaced ? "\(kind.resource.resource) in \(scope.text)" : kind.resource.resource
        let list = WrittenList(resource: kind.resource, kind: kind.kind, place: place)
        open(list, title: "Written", binding: nil) { (client) async throws(APIStatus) in
            var history = try await client.changes(
                of: kind.resource, namespace: kind.isNamespaced ? scope.single : nil, since: Timestamp(seconds: 0), .changes, limit: 200)
            history?.versions.removeAll { !scope.contains($0.namespace ?? "") }
            return history
        }
    }

    private func open(
        _ list: WrittenList, title: String, binding: ObjectBinding?,
        _ read: @escaping @Sendable (KubeClient) async throws(APIStatus) -> ObjectHistory?
    ) {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        let model = DetailModel(title: title, kind: .revisions, binding: binding)
        model.parent = app.detail
        model.hints = [("detail.open", "difference"), ("undo.undo", "undo"), ("revision.restore", "as it was"), ("revision.mark", "compare")]
        timeTravel[model] = list
        model.refresh = { [weak self, weak model] in
            guard let self, let model, let list = timeTravel[model] else { return }
            let text = RevisionText.list(list, now: time.now())
            model.show(text.lines, stops: text.stops)
            app.signal.touch()
        }
        model.onOpen = { [weak self, weak model] id in
            guard let self, let model else { return }
            openVersion(id, from: model)
        }
        model.refresh?()
        app.detail = model
        follow(model, client, read)
    }

    private func follow(
        _ model: DetailModel, _ client: KubeClient, _ read: @escaping @Sendable (KubeClient) async throws(APIStatus) -> ObjectHistory?
    ) {
        model.reopen = { [weak self, weak model] in
            guard let self, let model else { return }
            follow(model, client, read)
        }
        tasks.run(.versions) { [weak self, weak model, time] in
            while let model, self?.app.detail?.covers(model) == true {
                do throws(APIStatus) {
                    let history = try await read(client)
                    guard let self, !Task.isCancelled, timeTravel[model] != nil else { return }
                    guard let history else {
                        model.lines = [[TextSpan("This cluster does not keep what its objects were. H u has what was changed from here.", .warning)]]
                        return app.signal.touch()
                    }
                    timeTravel[model]?.history = history
                    if app.detail === model { model.refresh?() }
                } catch {
                    guard let self, !Task.isCancelled else { return }
                    if timeTravel[model]?.history == nil { model.lines = [[TextSpan("not read: \(error.message)", .error)]] }
                    app.signal.touch()
                }
                do { try await time.sleep(for: Self.revisionsPause) } catch { return }
            }
        }
    }

    private func openVersion(_ id: String, from list: DetailModel) {
        guard let written = timeTravel[list], let version = written.versions.first(where: { String($0.revision) == id }) else { return }
        let model = DetailModel(title: "Version \(id)", kind: .revisions, binding: list.binding)
        model.parent = list
        model.hints = [("undo.undo", "undo"), ("revision.restore", "as it was")]
        model.lines = [[TextSpan("reading", .pending)]]
        app.detail = model
        let needsMore = version.previous != 0 && written.before(version) == nil && written.marked == nil
        tasks.run(.detail) { [weak self, weak model, time] in
            var written = written
            if needsMore, let client = self?.cluster?.client {
                // best effort: without what was there before the page shows what it became.
                let more = try? await Self.pair(version, written.resource, client)
                written.history?.versions.append(contentsOf: (more ?? []).filter { $0.revision < version.revision })
            }
            guard let self, let model, app.detail === model else { return }
            model.lines = RevisionText.page(version, written, now: time.now())
            app.signal.touch()
        }
    }

    /// A version and the one before it, as far as they are kept.
    nonisolated private static func pair(
        _ version: ObjectHistory.Version, _ resource: GroupVersionResource, _ client: KubeClient
    ) async throws(APIStatus) -> [ObjectHistory.Version] {
        try await client.history(
            of: resource, namespace: version.namespace, name: version.name, limit: 2, continuing: String(version.revision + 1))?.versions ?? []
    }

    // MARK: - The version under the cursor

    /// The version that the open list or page is about, and its list.
    var selectedVersion: (version: ObjectHistory.Version, list: WrittenList, model: DetailModel)? {
        guard let detail = app.detail, detail.kind == .revisions else { return nil }
        let model = timeTravel[detail] == nil ? detail.parent : detail
        guard let model, let list = timeTravel[model],
            let version = list.versions.first(where: { String($0.revision) == model.selected })
        else { return nil }
        return (version, list, model)
    }

    package var versionAvailability: Availability {
        selectedVersion == nil ? .disabled("no version of an object is under the cursor") : .enabled
    }

    package func markVersion() {
        guard let (version, list, model) = selectedVersion else { return }
        guard list.name != nil else { return app.toast("open one object's versions (H r) to compare them", .warning) }
        timeTravel[model]?.marked = list.marked == version.revision ? nil : version.revision
        model.refresh?()
        if list.marked != version.revision { app.toast("Enter on another version shows what differs from revision \(version.revision)", .dim) }
    }

    /// Asks whether to take back what the version under the cursor did, whoever wrote it.
    func undoVersion() {
        guard let (version, list, _) = selectedVersion, let client = cluster?.client else { return }
        guard version.what != .status else {
            return app.toast("only its status was written: what wrote it would write it again", .warning)
        }
        tasks.run(.undo) { [weak self] in
            do throws(APIStatus) {
                let versions = try await Self.pair(version, list.resource, client)
                guard let self, !Task.isCancelled else { return }
                guard let whole = versions.first, whole.revision == version.revision else {
                    return app.toast("what it was is not kept any more", .warning)
                }
                let verb: UndoEntry.Verb =
                    switch whole.what {
                    case .created: .created
                    case .deleted: .deleted
                    case .changed, .status: .changed
                    }
                let before = verb == .deleted ? whole.object : verb == .created ? nil : versions.dropFirst().first?.object
                ask(entry(whole, list, verb, before: before, after: verb == .deleted ? nil : whole.object), title: "Undo")
            } catch {
                self?.app.toast("not undone: \(error.message)", .error)
            }
        }
    }

    package func putBack() {
        guard let (version, list, _) = selectedVersion, let client = cluster?.client else { return }
        tasks.run(.undo) { [weak self] in
            do throws(APIStatus) {
                let found = try await Self.pair(version, list.resource, client).first { $0.revision == version.revision }
                let live = try await Self.present(version, list.resource, client)
                guard let self, !Task.isCancelled else { return }
                guard var state = found?.object else { return app.toast("what it was is not kept any more", .warning) }
                if let live { state["metadata", "uid"] = .string(live.uid) }
                ask(entry(version, list, live == nil ? .deleted : .changed, before: state, after: live), title: "Put back", isOlder: true)
            } catch {
                self?.app.toast("not put back: \(error.message)", .error)
            }
        }
    }

    nonisolated private static func present(
        _ version: ObjectHistory.Version, _ resource: GroupVersionResource, _ client: KubeClient
    ) async throws(APIStatus) -> KubeObject? {
        do throws(APIStatus) {
            return try await client.get(resource, namespace: version.namespace, name: version.name)
        } catch {
            if error.code == 404 { return nil }
            throw error
        }
    }

    /// A write of anybody as undo takes it.
    private func entry(
        _ version: ObjectHistory.Version, _ list: WrittenList, _ verb: UndoEntry.Verb, before: KubeObject?, after: KubeObject?
    ) -> UndoEntry {
        UndoEntry(
            id: "revision-\(version.revision)", at: version.time, context: app.context.name, cluster: clusterID, verb: verb, method: .get,
            path: ResourcePath.path(list.resource, namespace: version.namespace, name: version.name), resource: list.resource,
            namespace: version.namespace, name: version.name, before: before, after: after, undoes: nil, isUncertain: false)
    }
}

import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    /// What is open goes on with the new connection.
    func resumeAfterConnect() {
        if let client = cluster?.client, app.logs.isWorthResuming { resumeLogs(client) }
        if let target = app.editor.target, !target.isNew, target.binding.uid != nil,
            let client = cluster?.client,
            target.binding.context == app.context.name,
            let resource = resource(of: target.binding)
        {
            followTarget(target.binding, resource, client)
        }
    }

    /// After the first list: unsaved texts first, then the demo.
    func askAtStart() {
        readForwards(isTold: true)
        offerDrafts(isAsked: false)
    }

    private static let ownNamespaces: Set = ["default", "kube-system", "kube-public", "kube-node-lease"]

    private var answerPath: String { "\(stateDirectory)/demo-answer" }

    /// Offers something to look at on a cluster of ours that holds nothing, once.
    func offerDemo() {
        guard app.context.isEmbedded, app.refusal == nil, mayInterrupt, let clusterID else { return }
        guard namespaceRows.values.allSatisfy({ Self.ownNamespaces.contains($0.name) }) else { return }
        guard holdsNothing else { return }
        // best effort: an answer that cannot be read is asked for again.
        guard (try? FileSystem.readText(answerPath)) != clusterID else { return }
        app.modal = .demoOffer(
            DemoOfferModel(items: DemoManifest.items) { [weak self] isWanted in
                guard let self else { return }
                app.modal = nil
                // Another cluster is asked about again.
                rememberDemoAnswer(clusterID)
                if isWanted { return startDemo() }
                app.toast("not started; the demo stays among the commands: press : and type demo", .dim)
            })
    }

    private var holdsNothing: Bool { app.pods.countByNamespace.allSatisfy { $0.value == 0 || $0.key.hasPrefix("kube-") } }

    /// Takes the offer back when somebody else has filled the cluster meanwhile: what it says of an empty one is not true any more.
    func withdrawDemoOffer() {
        guard case .demoOffer? = app.modal, !holdsNothing else { return }
        app.modal = nil
        app.toast("the cluster is not empty any more; the demo stays among the commands: press : and type demo", .dim)
    }

    /// Nothing asks by itself while something is typed or answered: the next key would be taken for the answer.
    var mayInterrupt: Bool { app.modal == nil && app.inputMode == .browse && app.typedAhead == nil }

    /// Whether keys go to these panes, or would: of several only one asks by itself.
    var hasKeys: Bool { app.workspace.map { $0.app === app } ?? true }

    private func rememberDemoAnswer(_ clusterID: String) {
        do throws(SystemError) {
            try FileSystem.makeDirectories(stateDirectory, mode: 0o700)
            try FileSystem.writeAtomically(answerPath, Array(clusterID.utf8), mode: 0o600)
        } catch {
            app.toast("the answer could not be remembered: \(error)", .warning)
        }
    }

    /// Creates the demo in its namespace and shows it.
    package func startDemo() {
        guard let client = cluster?.client else { return }
        app.toast("starting the demo in namespace demo", .ok)
        tasks.run(.demo) { [weak self] in
            do throws(APIStatus) {
                try await DemoManifest.create(client)
                self?.showDemo()
            } catch {
                self?.app.toast("the demo could not be started: \(error.message)", .error)
            }
        }
    }

    /// Its first log is that of a pod that writes one, whichever comes first.
    private func showDemo() {
        app.kind = ServedKind.pods
        use(scope: NamespaceScope("demo"))
        let key = app.commands["app.tour"]?.keys.first ?? ":"
        app.hint("tour", "the demo starts; \(key) shows you around in ten steps")
        awaitedPod = { $0.namespace == "demo" && $0.name.hasPrefix("web-") }
        goToAwaitedPod()
    }

    func goToAwaitedPod() {
        guard let awaitedPod, let pod = app.pods.all.filter(awaitedPod).min(by: { $0.name < $1.name }) else { return }
        app.pods.select(uid: pod.uid)
        if app.pods.selectedUID == pod.uid { self.awaitedPod = nil }
    }
}

extension LogsModel {
    /// Whether more may come from the log that is shown.
    fileprivate var isWorthResuming: Bool {
        if merge != nil { return true }
        return switch state {
        case .loading, .waiting, .live, .failed: true
        case .idle, .ended: false
        }
    }
}

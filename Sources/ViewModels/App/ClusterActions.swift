package import KubeClient

/// What commands ask of a cluster. Every call carries the object it was bound to at the key press.
@MainActor package protocol ClusterActions: AnyObject {
    /// What keys about the cluster have to wait for; nil for nothing. `isQueued` where some wait already, `needsKinds` where they go to a kind.
    func startWait(isQueued: Bool, needsKinds: Bool) -> String?
    /// Opens an object's description and keeps it current.
    func describe(_ binding: ObjectBinding)
    /// Does something with objects, after asking what is needed.
    func perform(_ operation: ObjectOperation, on bindings: [ObjectBinding])
    /// Lists the local ports that lead into clusters, with what went through.
    func showForwards()
    /// Asks for a label selector to forward to the pods of.
    func askForwardBySelector()
    /// Lists what is broken and what could be better in the shown namespaces.
    func showFindings()
    /// Goes to the object that owns one.
    func showOwner(_ binding: ObjectBinding)
    /// Lists the images of the nodes, with their layers and who uses them.
    func showImages()
    /// Lists everybody whom roles give something.
    func showSubjects()
    /// Lists the Helm releases of the shown namespace, or of all.
    func showReleases()
    /// Opens why a pod is not running, most likely cause first.
    func explain(_ binding: ObjectBinding)
    /// Shows a pod's log; `container` nil picks the one kubectl would.
    func showLogs(_ binding: ObjectBinding, container: String?, isPrevious: Bool)
    /// Shows the instance of the shown container before the one that is shown; after the oldest that is kept the newest again.
    func showEarlierInstance()
    /// Asks which of the kept instances of the shown container to show.
    func pickLogInstance()
    /// Shows the logs of workloads, services and pods as one, in the order of their times; pods that come later join.
    func showLogs(of bindings: [ObjectBinding])
    /// Shows the logs of all pods of what controls a pod.
    func showOwnerLogs(_ binding: ObjectBinding)
    /// Shows the logs of the pods that a label selector finds in the shown namespace.
    func showLogs(selecting text: String)
    /// Ends a merge: the log pane shows the pod under the cursor again.
    func closeMerge()
    /// Asks which deleted pod's log to show.
    func pickKeptLog()
    /// Opens a shell in a container, in a tab of its own or beside these panes; asks which when there are several and `container` is nil.
    func openShell(_ binding: ObjectBinding, container: String?, isBeside: Bool)
    /// Asks whether to delete objects; `isForced` gives them no time and asks for the name to be typed.
    func askDelete(_ bindings: [ObjectBinding], isForced: Bool)
    /// Asks for a namespace's name and deletes it with everything in it.
    func askDeleteNamespace(_ binding: ObjectBinding)
    /// Shows an object's YAML; `isEditing` starts typing in it.
    func openYAML(_ binding: ObjectBinding, isEditing: Bool)
    /// Opens the YAML of what controls a pod: its Deployment, Job, ReplicaSet.
    func editOwner(_ binding: ObjectBinding)
    /// Opens the object a text like `deploy/web` names, in the shown namespace.
    func openYAML(named text: String)
    /// Starts a new manifest in the shown namespace.
    func newManifest()
    /// Lets the shown text be typed in.
    func startEditing()
    /// Checks the editor's text on the server and shows what would change.
    func apply()
    /// Merges what changed in the cluster into the editor's text.
    func merge()
    /// Gives the editor's changes up, after asking.
    func discardEdits()
    /// Creates something to look at, in a namespace of its own.
    func startDemo()
    /// Shows the texts that were never applied.
    func openDrafts()
    /// The other contexts that can be opened.
    var contexts: [String] { get }
    /// What is wrong with kubeconfig files that cannot be read.
    var contextProblems: [String] { get }
    /// Whether the kubeconfig files are being read.
    var isListingContexts: Bool { get }
    /// Reads the kubeconfig files again.
    func refreshContexts()
    /// Opens another context.
    func use(context: String)
    /// Shows some namespaces, or all.
    func use(scope: NamespaceScope)
    /// Opens what an object stands for: a namespace, a custom resource's objects, a workload's pods.
    func enter(_ binding: ObjectBinding)
    /// Finds an object of any kind by a part of its name, of which a word may be typed already.
    func findObjects(_ word: String)
    /// Another kind is shown: its objects are followed.
    func kindChanged()
    /// Asks how many objects of a kind there are.
    func count(_ kind: ServedKind)
    /// Tables have other columns.
    func columnsChanged()
    /// Asks the cluster again which kinds it has.
    func refreshKinds()
    /// Saves what a quit would lose.
    func prepareToQuit()
}

extension ClusterActions {
    package func startWait(isQueued: Bool, needsKinds: Bool) -> String? { nil }
    package var isListingContexts: Bool { false }
}

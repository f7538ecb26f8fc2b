import KubeClient
import ViewModels

/// A cluster that only notes what it is asked to describe.
@MainActor final class RecordingActions: ClusterActions {
    private(set) var described: [ObjectBinding] = []
    var contexts: [String] = []
    /// What keys have to wait for.
    var awaited: String?
    func startWait(isQueued: Bool, needsKinds: Bool) -> String? { awaited }

    func describe(_ binding: ObjectBinding) { described.append(binding) }
    func perform(_ operation: ObjectOperation, on bindings: [ObjectBinding]) {}
    private(set) var findingsCount = 0
    func showFindings() { findingsCount += 1 }
    func showOwner(_ binding: ObjectBinding) {}
    func showReleases() {}
    func showImages() {}
    func showForwards() {}
    func askForwardBySelector() {}
    func explain(_ binding: ObjectBinding) {}
    func showLogs(_ binding: ObjectBinding, container: String?, isPrevious: Bool) {}
    func showLogs(of bindings: [ObjectBinding]) {}
    func showOwnerLogs(_ binding: ObjectBinding) {}
    func showLogs(selecting text: String) {}
    func closeMerge() {}
    func pickKeptLog() {}
    func showEarlierInstance() {}
    func pickLogInstance() {}
    func openShell(_ binding: ObjectBinding, container: String?, isBeside: Bool) {}
    func askDelete(_ bindings: [ObjectBinding], isForced: Bool) {}
    func askDeleteNamespace(_ binding: ObjectBinding) {}
    func openYAML(_ binding: ObjectBinding, isEditing: Bool) {}
    func editOwner(_ binding: ObjectBinding) {}
    func openYAML(named text: String) {}
    func newManifest() {}
    func startEditing() {}
    func apply() {}
    func merge() {}
    func discardEdits() {}
    func startDemo() {}
    func openDrafts() {}
    func use(context: String) {}
    func showSubjects() {}
    var contextProblems: [String] = []
    func refreshContexts() {}
    func use(scope: NamespaceScope) {}
    func enter(_ binding: ObjectBinding) {}
    func kindChanged() {}
    func refreshKinds() {}
    func columnsChanged() {}
    func count(_ kind: ServedKind) {}
    func findObjects(_ word: String) {}
    func prepareToQuit() {}
}

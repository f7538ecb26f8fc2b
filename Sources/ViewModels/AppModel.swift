package import LinuxKernel

package struct ContextState: Sendable, Hashable {
    package enum Access: Sendable { case writable, protected, readonly }
    package var name: String
    package var access: Access
    package var isEmbedded: Bool
    package var server: String
    package init(name: String, access: Access, isEmbedded: Bool, server: String = "") {
        self.name = name
        self.access = access
        self.isEmbedded = isEmbedded
        self.server = server
    }
}

package enum ConnectionState: Sendable, Hashable {
    case starting(String), ready
    case stale(since: Timestamp, reason: String)
    case failed(reason: String, remedy: String)
}

package enum InputMode: Sendable { case browse, type }
package enum Motion: Sendable { case up, down, left, right, pageUp, pageDown, halfPageUp, halfPageDown, top, bottom, nextMatch, previousMatch }

package struct Toast: Sendable, Hashable {
    package var id: Int
    package var text: String
    package var tone: Tone
    package var until: Timestamp
}

@MainActor package protocol ScreenHost: AnyObject {
    func move(_ motion: Motion)
    func suspend()
    func redraw()
    func copy(_ text: String)
}

@MainActor package final class AppModel {
    package let signal = ChangeSignal()
    package let namespaces: NamespacesModel
    package let pods: PodsModel
    package let logs: LogsModel
    package let editor: EditorModel
    package var commands: CommandTable
    package var clock: () -> Timestamp
    package init(clock: @escaping @MainActor () -> Timestamp) {
        self.clock = clock
        namespaces = NamespacesModel(signal: signal)
        pods = PodsModel(signal: signal)
        logs = LogsModel(signal: signal)
        editor = EditorModel(signal: signal)
        commands = CommandTable.standard()
    }
    package var context = ContextState(name: "kdash", access: .writable, isEmbedded: true) { didSet { signal.touch() } }
    package var namespace: String? { didSet { signal.touch() } }
    package var connection: ConnectionState = .starting("starting the cluster") { didSet { signal.touch() } }
    package var focus: PaneID = .pods { didSet { signal.touch() } }
    package var isZoomed = false { didSet { signal.touch() } }
    package var visiblePanes: Set<PaneID> = []
    package var detail: DetailModel? { didSet { signal.touch() } }
    package var shell: ShellModel? { didSet { signal.touch() } }
    package var modal: Modal? { didSet { signal.touch() } }
    package var prompt: PromptModel? { didSet { signal.touch() } }
    package private(set) var toasts: [Toast] = []
    package var quitLine = ""
    package var isQuitting = false { didSet { signal.touch() } }
    package weak var host: (any ScreenHost)?
    package func toast(_ text: String, _ tone: Tone = .normal) {
        let now = clock()
        toasts.removeAll { $0.until <= now }
        toasts.append(Toast(id: (toasts.last?.id ?? 0) + 1, text: text, tone: tone, until: now.advanced(by: .seconds(4))))
        signal.touch()
    }
    package var inputMode: InputMode {
        if shell != nil || prompt != nil { return .type }
        switch modal {
        case .palette?, .help?: return .type
        case .dialog(let dialog)?: return dialog.typedName == nil ? .browse : .type
        case .some: return .browse
        case nil: return detail == nil && focus == .yaml && editor.isTyping ? .type : .browse
        }
    }
}

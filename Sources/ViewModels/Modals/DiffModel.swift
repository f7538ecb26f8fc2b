package import LinuxKernel

@MainActor package final class DiffModel {
    package enum State: Sendable, Hashable { case checking, ready(String), refused([String]) }
    package let title: String
    package let binding: ObjectBinding
    package var lines: [DiffLine]
    package var state: State = .checking
    package var top = 0
    package var onConfirm: () -> Void = {}
    package var onCancel: () -> Void = {}
    package init(title: String, binding: ObjectBinding, lines: [DiffLine]) {
        self.title = title
        self.binding = binding
        self.lines = lines
    }
    package var canConfirm: Bool { if case .ready = state { true } else { false } }
}

package struct DraftSummary: Sendable, Hashable {
    package var id: String
    package var binding: ObjectBinding
    package var savedAt: Timestamp
    package var preview: [DiffLine]
    package init(id: String, binding: ObjectBinding, savedAt: Timestamp, preview: [DiffLine]) {
        self.id = id
        self.binding = binding
        self.savedAt = savedAt
        self.preview = preview
    }
}

@MainActor package final class DraftsModel {
    package var drafts: [DraftSummary]
    package var selected = 0
    package var onOpen: (String) -> Void = { _ in }
    package var onDiscard: (String) -> Void = { _ in }
    package var onClose: () -> Void = {}
    package init(drafts: [DraftSummary]) { self.drafts = drafts }
}

@MainActor package final class DetailModel {
    package let title: String
    package let binding: ObjectBinding?
    package var lines: [[TextSpan]] = []
    package var top = 0
    package var isLive = true
    package var vanished: String?
    package var search = ""
    package init(title: String, binding: ObjectBinding?) {
        self.title = title
        self.binding = binding
    }
}

@MainActor package final class ShellModel {
    package enum State: Sendable, Hashable { case connecting, open, ended(String) }
    package let binding: ObjectBinding
    package let container: String
    package var state: State = .connecting
    package var onOutput: (([UInt8]) -> Void)?
    package var onInput: ([UInt8]) -> Void = { _ in }
    package var onResize: (Int, Int) -> Void = { _, _ in }
    package var onClose: () -> Void = {}
    package init(binding: ObjectBinding, container: String) {
        self.binding = binding
        self.container = container
    }
    package func receive(_ bytes: [UInt8]) { onOutput?(bytes) }
}

import APIMachinery
import KubeSchemas

/// Whether a command can run now.
package enum Availability: Sendable, Hashable {
    /// It can.
    case enabled
    /// It cannot; why.
    case disabled(String)
}

/// Where a command's keys work.
package enum CommandScope: Sendable, Hashable {
    /// Everywhere, in Type too: its keys are F-keys or chords.
    case anywhere
    /// In every pane, in Browse.
    case browse
    /// In one pane, in Browse.
    case pane(PaneID)
    /// In the editor, in Type.
    case typing
    /// In an open description.
    case detail
}

/// Something the user can do, found by key, palette, help and menu.
package struct Command {
    /// Stable name: `pods.describe`.
    package let id: String
    /// What it does, in words.
    package let title: String
    /// The heading in help.
    package let section: String
    /// Key sequences, the best known first: `d`, `D d`, `ctrl-z`.
    package private(set) var keys: [String]
    /// The kinds of object it is for: `Pod`, or the plural of a kind that is not built in; nil for any, and for none. Several commands may have a
    /// key in the same place when they are for different kinds.
    package let kinds: Set<String>?
    /// Where its keys work.
    package let scope: CommandScope
    /// Whether it takes something away.
    package let isDestructive: Bool
    /// Names what under the cursor it acts on, for menus; nil when it acts on nothing there.
    package let subject: (@MainActor (AppModel) -> String?)?
    /// Whether palette and help list it; another command of the same title is listed otherwise.
    package let isListed: Bool
    /// Whether it can run now.
    package let availability: @MainActor (AppModel) -> Availability
    private let action: @MainActor (AppModel) -> Void
    /// A command.
    package init(
        _ id: String, _ title: String, section: String, keys: [String], scope: CommandScope, isDestructive: Bool = false,
        isListed: Bool = true, kinds: Set<String>? = nil, subject: (@MainActor (AppModel) -> String?)? = nil,
        availability: @escaping @MainActor (AppModel) -> Availability = { _ in .enabled }, run: @escaping @MainActor (AppModel) -> Void
    ) {
        self.id = id
        self.title = title
        self.section = section
        self.keys = keys
        self.scope = scope
        self.isDestructive = isDestructive
        self.subject = subject
        self.kinds = kinds
        self.isListed = isListed
        self.availability = availability
        action = run
    }

    /// Why it cannot run now; nil when it can.
    @MainActor package func reason(_ app: AppModel) -> String? {
        if case .disabled(let reason) = state(app) { reason } else { nil }
    }

    /// Whether it can run now on what is under the cursor.
    @MainActor package func state(_ app: AppModel) -> Availability {
        guard let kinds, !isFor(app.selectedBinding) else { return app.joined?.state(self, app) ?? availability(app) }
        let names = kinds.sorted().prefix(3).joined(separator: ", ") + (kinds.count > 3 ? " and the like" : "")
        return .disabled(app.selectedBinding.map { "a \($0.kind) is no \(names)" } ?? "no \(names) is selected")
    }

    /// Does it; in a table of several contexts what is about an object, in a tab of the object's context.
    /// On an object that nobody saw it does nothing unasked.
    @MainActor package func run(_ app: AppModel) {
        if app.isTypedUnseen, actsUnasked { return app.toast(AppModel.unseen, .warning) }
        guard app.joined != nil else { return action(app) }
        switch JoinedContexts.routing(self) {
        case .here: action(app)
        case .inContext: app.workspace?.act(self, on: app)
        case .nowhere: break
        }
    }

    /// Whether it is for an object of this kind.
    func isFor(_ binding: ObjectBinding?) -> Bool {
        guard let kinds else { return true }
        guard let binding else { return false }
        let isBuiltin = binding.resource.map { resource in
            builtinSchemas.resources.contains { $0.kind == binding.kind && $0.group == resource.group }
        }
        if isBuiltin ?? true, kinds.contains(binding.kind) { return true }
        let plural = binding.resource.map { [$0.resource, "\($0.resource).\($0.group)"] } ?? []
        return !kinds.isDisjoint(with: plural + [binding.kind.lowercased()])
    }

    /// The same command with other keys.
    func with(keys: [String]) -> Command {
        var command = self
        command.keys = keys
        return command
    }
}

/// What keys pressed so far mean.
package enum KeyLookup {
    /// A command.
    case command(Command)
    /// The start of these commands' sequences.
    case prefix([Command])
    /// Nothing.
    case none
}

import KubeClient
import LinuxKernel

/// What is to be done to an object of a joined table, in its own context's panes, once it is listed there.
struct AwaitedCommand: Sendable {
    /// The command's id.
    let id: String
    let kindID: String
    let context: String
    /// The object, and those that are marked.
    let uid: String
    let marked: [String]
    let name: String
}

extension ClusterSession {
    /// An action that begins long after its key was pressed would surprise.
    private static let longestWait = Duration.seconds(30)

    /// Does something to an object as soon as it is listed here; gives up, and says so, when it does not come.
    func run(whenListed command: AwaitedCommand) {
        awaitedCommand = command
        tasks.run(.awaitedCommand) { [weak self, time] in
            do { try await time.sleep(for: Self.longestWait) } catch { return }
            guard let self, awaitedCommand != nil else { return }
            awaitedCommand = nil
            app.toast("\(command.name) was not found in \(command.context): nothing was done", .warning)
        }
        runAwaitedCommand()
    }

    /// Does what waits, if its object is there.
    func runAwaitedCommand() {
        guard let command = awaitedCommand, cluster != nil, app.context.name == command.context, app.kind.id == command.kindID else { return }
        let list = app.list
        guard ([command.uid] + command.marked).allSatisfy({ list.row(uid: $0) != nil }) else { return }
        (awaitedCommand, awaitedUID, awaitedPod) = (nil, nil, nil)
        tasks.cancel(.awaitedCommand)
        list.select(uid: command.uid)
        guard list.selectedUID == command.uid, mayInterrupt, app.detail == nil, app.focus == .pods else {
            return app.toast("something else was begun here: nothing was done to \(command.name)", .warning)
        }
        list.mark(only: command.marked)
        app.run(command: command.id)
    }
}

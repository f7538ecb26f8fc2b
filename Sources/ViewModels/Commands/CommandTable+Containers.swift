/// What can be done in a text that lists something, beside opening and copying a line.
package enum DetailAction: Hashable, Sendable {
    case logs, previousLogs, shell, files, processes, sockets
    case up, edit, copyOut, copyIn
    case order, signal
    case remove, prune
    case rollBack, uninstall
    case beginAgain, beginAll
    case narrow, capture, names
}

extension CommandTable {
    /// Containers, their files, processes and sockets, and images.
    static let containers: [Command] = [
        action(.logs, "containers.logs", "Logs of the container", ["l"], "Container", "that is for the list of containers"),
        action(.previousLogs, "containers.previousLogs", "Logs of the instance before", ["p"], "Container", "that is for the list of containers"),
        action(.shell, "containers.shell", "Shell in the container", ["s"], "Container", "that is for the list of containers", changes: true),
        action(.files, "containers.files", "Files of the container", ["f"], "Container", "that is for the list of containers"),
        action(.processes, "containers.processes", "Processes of the container", ["t"], "Container", "that is for the list of containers"),
        action(.sockets, "containers.sockets", "Sockets of the container", ["T"], "Container", "that is for the list of containers"),
        action(.up, "files.up", "To the directory above", ["backspace"], "Files", "that is for the files of a container"),
        action(.edit, "files.edit", "Edit the file in your editor", ["e"], "Files", "that is for the files of a container", changes: true),
        action(.copyOut, "files.copyOut", "Copy the file or directory to this machine", ["w"], "Files", "that is for the files of a container"),
        action(
            .copyIn, "files.copyIn", "Copy a file or directory of this machine into the directory", ["r"], "Files", "that is for the files of a container",
            changes: true),
        action(.order, "processes.order", "Order the lines by something else", ["o"], "Processes", "that is for processes and connections"),
        action(
            .signal, "processes.signal", "Send a signal to the process", ["D k"], "Processes", "that is for processes", changes: true, isDestructive: true),
        action(.remove, "images.remove", "Remove the image", ["D i"], "Images", "that is for images", changes: true, isDestructive: true),
        action(.prune, "images.prune", "Remove all images that no container uses", ["D p"], "Images", "that is for images", changes: true, isDestructive: true),
        action(
            .rollBack, "releases.rollBack", "Go back to this revision of the release", ["R"], "Helm", "that is for revisions of a Helm release", changes: true),
        action(
            .uninstall, "releases.uninstall", "Uninstall the release", ["D u"], "Helm", "that is for Helm releases", changes: true, isDestructive: true),
        Command(
            "access.subjects", "Users and groups: whom roles give what", section: "Object", keys: ["x U"], scope: .browse, availability: whenConnected
        ) { $0.cluster?.showSubjects() },
        Command("images.list", "Images: layers, who uses them, what they take", section: "Images", keys: ["x i"], scope: .browse, availability: whenOwn) {
            $0.cluster?.showImages()
        },
    ]

    static func action(
        _ action: DetailAction, _ id: String, _ title: String, _ keys: [String], _ section: String, _ otherwise: String, changes: Bool = false,
        isDestructive: Bool = false
    ) -> Command {
        Command(
            id, title, section: section, keys: keys, scope: .detail, isDestructive: isDestructive, isListed: false,
            availability: { app in
                guard app.detail?.actions[action] != nil else { return .disabled(otherwise) }
                return changes ? whenWritable(app) : .enabled
            },
            run: { $0.detail?.actions[action]?() })
    }

    /// Only on a cluster of kdash's own.
    static func whenOwn(_ app: AppModel) -> Availability {
        if case .disabled(let reason) = whenConnected(app) { return .disabled(reason) }
        return app.context.isEmbedded ? .enabled : .disabled("only the nodes of kdash's own cluster tell that")
    }
}

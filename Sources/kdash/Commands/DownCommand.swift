import ArgumentParser

/// `kdash down`: stops the cluster, or removes it.
struct DownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop the cluster; with --purge remove it.",
        discussion: """
            Pods get their grace period. Objects, images and logs stay, and the next `kdash up` starts the pods again as their \
            restartPolicy says. --purge then removes everything kdash made: processes, mounts, cgroups, interfaces, routes, files \
            and the entries in your kubeconfig.
            """)

    @OptionGroup var data: DataDirectoryOption
    @Flag(help: "Remove the cluster and all it stored.")
    var purge = false

    func run() throws {
        let access = ClusterAccess(option: data.path)
        try access.requireOwn(purge ? "down --purge" : "down")
        let directory = access.directory
        let teardown = ClusterTeardown(directory: directory)
        if purge { try teardown.purge() } else { try teardown.stop() }
        Output.line(purge ? "kdash is stopped and everything it made in \(directory.path) is removed" : "kdash is stopped; `kdash up` starts it again")
    }
}

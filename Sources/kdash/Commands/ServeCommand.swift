import ArgumentParser
import Glibc

/// `kdash serve`: runs the daemon in the foreground.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the cluster in the foreground, logging to standard error.",
        discussion: "Ends on SIGTERM or SIGINT as `kdash down` does: pods get their grace period, objects stay.")

    @OptionGroup var data: DataDirectoryOption
    @OptionGroup var options: ServeOptions

    @Option(name: .customLong("announce-to"), help: ArgumentHelp("Descriptor of the process that waits for readiness.", visibility: .private))
    var announceTo: Int32 = -1

    @Flag(name: .customLong("any-port"), help: ArgumentHelp("Take a free port when the cluster's own is busy.", visibility: .private))
    var anyPort = false

    func run() throws {
        let announcement = Announcement(descriptor: announceTo)
        let options = DaemonOptions(
            directory: DataDirectory(option: data.path), apiPort: options.apiPort, nodes: options.nodes, takesAnyPort: anyPort,
            simulatedNodes: options.simulatedNodes,
            mergesKubeconfig: !options.noMerge, isDetached: announceTo >= 0, announcement: announcement)
        Glibc.exit(DaemonProcess.run(options))
    }
}

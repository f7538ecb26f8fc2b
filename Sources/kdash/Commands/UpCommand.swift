import ArgumentParser
import JSONCore
import KubeClient
import LinuxKernel

/// `kdash up`: starts the cluster in the background.
struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start the cluster in the background.",
        discussion: """
            Prints one line when the cluster is ready: how long it took, the server's address and the kubeconfig. \
            Starting a running cluster changes nothing but the number of simulated nodes when one is given, unless its daemon is an older \
            kdash: then this one takes over, and pods keep running. --nodes N makes several nodes of this machine, each with its own \
            network, range of pod addresses and an equal share of processors and memory; it needs root. A context named `kdash` is added to the first file of \
            $KUBECONFIG or to ~/.kube/config; the current context is set only when there is none.
            """)

    @OptionGroup var data: DataDirectoryOption
    @OptionGroup var options: ServeOptions

    func run() throws {
        let access = ClusterAccess(option: data.path)
        guard access.isOwn else { return try reportForeign(access) }
        let launcher = DaemonLauncher(directory: access.directory, arguments: options.arguments)
        var ready = try launcher.start()
        let upgrade = DaemonUpgrade(directory: access.directory)
        if ready.wasRunning, let older = upgrade.olderVersion() {
            try upgrade.endDaemon()
            ready = try launcher.start()
            Output.error("the daemon was kdash \(older); \(Version.number) has taken over, and pods kept running")
        }
        if ready.wasRunning { try ClusterSize.checkRunning(access, wanted: options.nodes) }
        for note in ready.notes { Output.error(note) }
        if ready.wasRunning {
            if let wanted = options.simulatedNodes { try SimulationRequest(access).send(wanted) }
            Output.line("kdash runs already: \(ready.server), kubeconfig \(ready.kubeconfig)")
        } else {
            if let wanted = options.simulatedNodes { try SimulationRequest(access).await(wanted) }
            Output.line("kdash is ready after \(ready.elapsed.milliseconds) ms: \(ready.server), kubeconfig \(ready.kubeconfig)")
        }
    }
}

extension UpCommand {
    /// A cluster that was started through sudo is used as it is, never doubled.
    private func reportForeign(_ access: ClusterAccess) throws {
        let client = try DaemonClient(access)
        try ClusterSize.checkRunning(access, wanted: options.nodes)
        if let wanted = options.simulatedNodes { try SimulationRequest(access).send(wanted) }
        let value = try Blocking.run { () throws(CommandError) in try await client.call(.get, "/status") }
        Output.line("kdash runs already: \(value["server"]?.stringValue ?? ""), kubeconfig \(access.kubeconfig)")
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

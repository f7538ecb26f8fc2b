import ArgumentParser
import LinuxKernel

/// `kdash up`: starts the cluster in the background.
struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start the cluster in the background.",
        discussion: """
            Prints one line when the cluster is ready: how long it took, the server's address and the kubeconfig.
            Starting a running cluster changes nothing. A context named `kdash` is added to the first file of
            $KUBECONFIG or to ~/.kube/config; the current context is set only when there is none.
            """)

    @OptionGroup var data: DataDirectoryOption
    @OptionGroup var options: ServeOptions

    func run() throws {
        let directory = DataDirectory(option: data.path)
        let ready = try DaemonLauncher(directory: directory, arguments: options.arguments).start()
        for note in ready.notes { Output.error(note) }
        if ready.wasRunning {
            Output.line("kdash runs already: \(ready.server), kubeconfig \(ready.kubeconfig)")
        } else {
            Output.line("kdash is ready after \(ready.elapsed.milliseconds) ms: \(ready.server), kubeconfig \(ready.kubeconfig)")
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

import ArgumentParser
import Glibc
import LinuxKernel
import OCIRuntime
import ViewModels

/// The program: a screen by default, and the verbs that run a cluster without one.
@main
struct Kdash: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kdash",
        abstract: "A terminal IDE for a Kubernetes cluster that it can also be.",
        usage: """
            kdash [<screen options>]
            kdash <subcommand>
            """,
        discussion: """
            Without a verb, kdash opens its screen. It starts the cluster of its data directory when none is \
            running, and leaves it running when you quit; `kdash down` stops it. Pods, logs, manifests: everything \
            on the screen is plain Kubernetes, so kubectl sees the same cluster:

                kdash up
                kubectl --context kdash get pods -A

            With --context or --kubeconfig the same screen opens a cluster that kdash did not start. Such a \
            cluster is protected: kdash reads it and refuses to change it until you type its context's name (F8).

            `kdash oci` is an OCI runtime for other container engines, with the command line of runc: kdash oci --help.

            As root, limits are enforced and this machine reaches pods and services by their addresses. As an \
            ordinary user, `kdash status` says what is limited and how to lift it.

            SCREEN OPTIONS (kdash screen --help says more):

                -n, --namespace <name>   show this namespace first
                --context <name>         open this context of your kubeconfig
                --kubeconfig <file>      open the cluster of this kubeconfig
                --readonly               change nothing, whatever is typed
                --as <user>              make every request as this user (and --as-group)
                --plain                  answer line by line, for screen readers
                --theme <name>           one of `kdash theme list`, or a theme's file
                --ephemeral              a cluster that is removed on quit
                --data-dir <directory>   the cluster's directory
                --api-port <port>        the API's port on 127.0.0.1
                --nodes <number>         how many nodes share this machine
                --simulated-nodes <n>    pretend nodes besides, for trying scale
                --no-merge               leave your kubeconfig alone
            """,
        version: Version.text,
        subcommands: [
            ScreenCommand.self, UpCommand.self, ServeCommand.self, DownCommand.self, StatusCommand.self, ImageCommand.self, ShareCommand.self,
            KubeconfigCommand.self, ConfigCommand.self, ThemeCommand.self, VersionCommand.self,
        ],
        defaultSubcommand: ScreenCommand.self)

    /// A mistyped verb would be taken for an argument of the screen, whose complaint names no verb.
    static func main() {
        // Engines wait for every call of a runtime: nothing else is prepared for it.
        if OCICommand.isCalled(CommandLine.arguments) { Glibc.exit(OCICommand.run(CommandLine.arguments, version: Version.number)) }
        if let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), !verbs.contains(word) {
            let near = NearestName.find(word, in: verbs)
            Output.error("kdash: no command `\(word)`\(near.map { "; did you mean `\($0)`?" } ?? "; see kdash --help")")
            Glibc.exit(64)
        }
        OwnProcess.boundFreeMemory()
        main(nil)
    }

    private static var verbs: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    }
}

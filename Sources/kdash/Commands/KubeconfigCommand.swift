import ArgumentParser
import LinuxKernel

/// `kdash kubeconfig`: prints the cluster's kubeconfig.
struct KubeconfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig", abstract: "Print the cluster's kubeconfig.",
        discussion: "For example: KUBECONFIG=<(kdash kubeconfig) kubectl get pods")

    @OptionGroup var data: DataDirectoryOption

    func run() throws {
        let directory = DataDirectory(option: data.path)
        guard FileSystem.exists(directory.kubeconfig) else {
            throw CommandError("\(directory.path) holds no cluster; run `kdash up`")
        }
        do {
            Output.write(try FileSystem.readFile(directory.kubeconfig, limit: 1 << 20))
        } catch {
            throw CommandError("cannot read the kubeconfig: \(error)")
        }
    }
}

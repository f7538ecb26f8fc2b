import ArgumentParser
import LinuxKernel

/// `kdash kubeconfig`: prints the cluster's kubeconfig.
struct KubeconfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig", abstract: "Print the cluster's kubeconfig.",
        discussion: "For example: kdash kubeconfig > kdash.kubeconfig; KUBECONFIG=kdash.kubeconfig kubectl get pods")

    @OptionGroup var data: DataDirectoryOption

    func run() throws {
        let access = ClusterAccess(option: data.path)
        guard FileSystem.exists(access.kubeconfig) else {
            throw CommandError("\(access.directory.path) holds no cluster; run `kdash up`")
        }
        do {
            Output.write(try FileSystem.readFile(access.kubeconfig, limit: 1 << 20))
        } catch {
            throw CommandError("cannot read the kubeconfig: \(error)")
        }
    }
}

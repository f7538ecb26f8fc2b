import ArgumentParser
import JSONCore
import KubeClient

/// `kdash status`: whether the cluster runs and how it fares.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show whether the cluster runs, where, and what it uses.",
        discussion: "Exits with 0 when it runs and 1 when it does not.")

    @OptionGroup var data: DataDirectoryOption

    /// How the status is printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    @Option(name: .shortAndLong, help: "Output: text or json.")
    var output: Format = .text

    func run() throws {
        let access = ClusterAccess(option: data.path)
        let client: DaemonClient
        do throws(CommandError) {
            client = try DaemonClient(access)
        } catch {
            switch output {
            case .json: Output.line(String(decoding: JSON.encode(["state": "stopped", "dataDirectory": .string(access.directory.path)]), as: UTF8.self))
            case .text: Output.line("stopped: \(error.message)")
            }
            throw ExitCode(1)
        }
        var value = try Blocking.run { () throws(CommandError) in try await client.call(.get, "/status") }
        value["kubeconfig"] = .string(access.kubeconfig)
        switch output {
        case .json: Output.line(String(decoding: JSON.encode(value, pretty: true), as: UTF8.self))
        case .text: Output.line(StatusText(value).text)
        }
    }
}

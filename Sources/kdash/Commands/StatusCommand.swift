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
        let directory = DataDirectory(option: data.path)
        guard try DaemonLauncher(directory: directory).isRunning else {
            switch output {
            case .json: Output.line(String(decoding: JSON.encode(["state": "stopped", "dataDirectory": .string(directory.path)]), as: UTF8.self))
            case .text: Output.line("stopped: no cluster runs in \(directory.path); run `kdash up`")
            }
            throw ExitCode(1)
        }
        let client = try DaemonClient(directory)
        let value = try Blocking.run { () throws(CommandError) in try await client.call(.get, "/status") }
        switch output {
        case .json: Output.line(String(decoding: JSON.encode(value, pretty: true), as: UTF8.self))
        case .text: Output.line(StatusText(value).text)
        }
    }
}

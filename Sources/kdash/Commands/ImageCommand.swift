import ArgumentParser
import JSONCore
import KubeClient

/// `kdash image`: what containers can be made from.
struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Load and list the cluster's images.", subcommands: [Load.self, List.self, ImportHost.self])

    struct Load: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "load", abstract: "Load images from a `docker save` archive or an OCI layout.",
            discussion: "FILE is a tar archive; `-` reads it from standard input:  docker save web:1 | kdash image load -")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The archive.") var file: String

        func run() throws {
            let names = try ImageUpload(client: DaemonClient(ClusterAccess(option: data.path))).load(file)
            for name in names { Output.line("loaded \(name)") }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the images.", aliases: ["ls"])

        @OptionGroup var data: DataDirectoryOption

        func run() throws {
            let client = try DaemonClient(ClusterAccess(option: data.path))
            let value = try Blocking.run { () throws(CommandError) in try await client.call(.get, "/images") }
            Output.line(ImageTable(value).text)
        }
    }

    struct ImportHost: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import-host", abstract: "Make an image from a program of this machine and the libraries it needs.",
            discussion: "For example `kdash image import-host /bin/busybox` makes host/busybox:latest, with no network.")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "Path of the program.") var program: String

        func run() throws {
            let client = try DaemonClient(ClusterAccess(option: data.path))
            let path = Environment.current.absolute(program)
            let value = try Blocking.run { () throws(CommandError) in
                try await client.call(.post, "/images/import-host", query: [QueryItem("program", path)])
            }
            for image in value["images"]?.arrayValue ?? [] { Output.line("imported \(image["name"]?.stringValue ?? "")") }
        }
    }
}

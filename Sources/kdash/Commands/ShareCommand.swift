import ArgumentParser
import JSONCore
import KubeClient
import NodeAgent

/// `kdash share`: folders of this machine for the pods of the node, which otherwise has files of its own.
struct ShareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Bring folders of this machine into the node.",
        discussion: """
            Pods run in a node with files of its own. A folder that is shared has the same path there, so that a hostPath volume of that \
            path is the folder of this machine: source code for a development loop, or data to work on.

                kdash share add ~/src/web
                kdash share add /srv/data:ro
            """,
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "add", abstract: "Share a folder, at once and after each start.")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The folder; DIR:ro lets nothing in the node change it.") var folder: String

        func run() throws {
            let wanted = NodeShare(argument: folder)
            let path = Environment.current.absolute(wanted.path)
            let answer = try ShareCommand.call(data, .post, "/shares", [QueryItem("path", path), QueryItem("mode", wanted.mode)])
            for share in answer.shares {
                Output.line("shared \(share.path)\(share.isReadOnly ? ", read-only" : ""): pods have it as hostPath \(share.path)")
            }
            if !answer.isLive { Output.line("the node takes it when it starts: run `kdash down` and `kdash up`") }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the shared folders.", aliases: ["ls"])

        @OptionGroup var data: DataDirectoryOption

        func run() throws {
            let answer = try ShareCommand.call(data, .get, "/shares", [])
            guard !answer.shares.isEmpty else { return Output.line("no folder is shared; `kdash share add DIR` shares one") }
            Output.line(TextTable.render([["FOLDER", "MODE"]] + answer.shares.map { [$0.path, $0.mode] }))
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rm", abstract: "Share a folder no more.", aliases: ["remove"])

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The folder.") var folder: String

        func run() throws {
            let answer = try ShareCommand.call(data, .post, "/shares/remove", [QueryItem("path", Environment.current.absolute(folder))])
            for share in answer.shares { Output.line("\(share.path) is shared no more; containers that use it keep it until they end") }
            if !answer.isLive { Output.line("the node keeps it until it starts anew: run `kdash down` and `kdash up`") }
        }
    }

    private static func call(
        _ data: DataDirectoryOption, _ method: APIRequest.Method, _ path: String, _ query: [QueryItem]
    ) throws -> (shares: [NodeShare], isLive: Bool) {
        let client = try DaemonClient(ClusterAccess(option: data.path))
        let value = try Blocking.run { () throws(CommandError) in try await client.call(method, path, query: query) }
        return (value["shares"]?.arrayValue?.compactMap(NodeShare.init(json:)) ?? [], value["live"]?.boolValue ?? true)
    }
}

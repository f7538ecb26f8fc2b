import ArgumentParser
import Glibc
import LinuxKernel
import TerminalUI
import ViewModels

/// `kdash config`: the screen's settings files.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show, check and begin the screen's settings files.",
        discussion: "docs/configuration.md describes every key.",
        subcommands: [Path.self, Check.self, Show.self, Init.self], defaultSubcommand: Path.self)

    /// Where the files are.
    static var directory: String { Environment.current.configurationHome + "/kdash" }

    /// `kdash config path`
    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "path", abstract: "Print where the files are and which are there.")

        func run() {
            Output.line(directory)
            for name in UserSettings.fileNames + ["plugins/", "themes/"] {
                Output.line("  \(name)\(FileSystem.exists("\(directory)/\(name)") ? "" : "  (not there)")")
            }
        }
    }

    /// `kdash config check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "List everything that is wrong in the files.",
            discussion: "Each line names the file, the line, what stands there and what is allowed. The exit status is 1 when there is one.")

        @Argument(help: ArgumentHelp("Another folder than the screen's.", valueName: "directory"))
        var folder: String?

        func run() throws {
            let folder = folder ?? directory
            let problems = MainActor.assumeIsolated { SettingsCheck.problems(UserSettings.load(folder)) }
            for problem in problems { Output.line("\(problem)") }
            if !problems.isEmpty { throw ExitCode(1) }
            Output.line("nothing is wrong in \(folder)")
        }
    }

    /// `kdash config show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print a file with every key, its default and what it means.",
            discussion: "For example: kdash config show keys.yaml")

        @Argument(help: ArgumentHelp("One of \(UserSettings.fileNames.joined(separator: ", ")).", valueName: "file"))
        var file: String

        func run() throws {
            guard let text = SettingsTemplate.text(file) else {
                throw CommandError(
                    "there is no settings file \(file)\(NearestName.question(file, in: UserSettings.fileNames)); "
                        + "there are \(UserSettings.fileNames.joined(separator: ", "))")
            }
            Output.write(Array(text.utf8))
        }
    }

    /// `kdash config init`
    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Write the files with every key in a comment; files that are there stay as they are.")

        func run() throws {
            do throws(SystemError) {
                try FileSystem.makeDirectories(directory)
                for name in UserSettings.fileNames {
                    guard let text = SettingsTemplate.text(name) else { continue }
                    let path = "\(directory)/\(name)"
                    if FileSystem.exists(path) {
                        Output.line("\(path) is there already")
                        continue
                    }
                    try FileSystem.writeAtomically(path, Array(text.utf8), mode: 0o644)
                    Output.line("\(path) written")
                }
            } catch {
                throw CommandError("\(error)")
            }
        }
    }
}

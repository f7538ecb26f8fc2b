import ArgumentParser
import LinuxKernel
import TerminalUI
import ViewModels

/// `kdash theme`: the themes of the screen.
struct ThemeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "theme", abstract: "List themes, print them, and import skins of k9s.", subcommands: [List.self, Show.self, Import.self],
        defaultSubcommand: List.self)

    /// `kdash theme list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the themes, the built-in ones first.")

        func run() {
            let settings = UserSettings.load(ConfigCommand.directory)
            let themes = ThemeCatalog(settings.themes)
            let width = themes.names.reduce(0) { max($0, $1.count) }
            for theme in themes.summaries {
                Output.line("\(theme.name)\(String(repeating: " ", count: width - theme.name.count))  \(theme.title), \(theme.detail)")
            }
            for problem in themes.problems { Output.error("\(problem)") }
        }
    }

    /// `kdash theme show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print a built-in theme's file, to begin one's own with.",
            discussion: "For example: kdash theme show dark > ~/.config/kdash/themes/mine.theme")

        @Argument(help: ArgumentHelp("The theme's name.", valueName: "name"))
        var name: String

        func run() throws {
            let themes = ThemeLibrary.embedded
            guard let theme = themes.first(where: { $0.name == name }) else {
                let names = themes.map(\.name)
                throw CommandError("there is no built-in theme \(name)\(NearestName.question(name, in: names)); there are \(names.joined(separator: ", "))")
            }
            Output.write(Array(theme.text.utf8))
        }
    }

    /// `kdash theme import`
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Make a theme of a k9s skin.",
            discussion: "Colours that are none are named with their line and left out. For example: kdash theme import ~/.config/k9s/skins/dracula.yaml")

        @Argument(help: ArgumentHelp("The skin.", valueName: "file"))
        var file: String

        @Option(help: ArgumentHelp("What the theme is called. Default: the file's name.", valueName: "name"))
        var name: String?

        @Flag(help: "Replace a theme of that name.")
        var force = false

        func run() throws {
            let last = FileSystem.name(of: file)
            let name = name ?? String(last.prefix(upTo: last.lastIndex(of: ".") ?? last.endIndex))
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "-_. ".contains($0) }), !name.hasPrefix(".") else {
                throw CommandError("\(name.debugDescription) cannot be a theme's name; choose one of letters, digits, - and _ with --name")
            }
            let path = "\(ConfigCommand.directory)/themes/\(name).theme"
            guard force || !FileSystem.exists(path) else { throw CommandError("\(path) is there already; --force replaces it, --name chooses another name") }
            do {
                let skin = try SkinImporter(try FileSystem.readFile(file, limit: 1 << 20), file: file, name: name)
                try FileSystem.makeDirectories("\(ConfigCommand.directory)/themes")
                try FileSystem.writeAtomically(path, Array(skin.text.utf8), mode: 0o644)
                for problem in skin.problems { Output.error("\(problem)") }
                if !skin.unused.isEmpty { Output.error("without a counterpart here: \(skin.unused.joined(separator: ", "))") }
                Output.line("\(path) written; theme: \(name) in screen.yaml uses it, as does kdash --theme \(name.contains(" ") ? "'\(name)'" : name)")
            } catch let problem as SettingsProblem {
                throw CommandError("\(problem)")
            } catch let error as SystemError {
                throw CommandError("cannot import \(file): \(error)")
            }
        }
    }
}

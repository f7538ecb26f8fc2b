import ArgumentParser
import TerminalUI
import ViewModels

/// `kdash theme`: the themes of the screen.
struct ThemeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "theme", abstract: "List themes and print them.", subcommands: [List.self, Show.self],
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
}

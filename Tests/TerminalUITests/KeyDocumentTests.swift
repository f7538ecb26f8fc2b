import Glibc
import LinuxKernel
import Testing
import ViewModels

@testable import TerminalUI

/// docs/keys.md is made from the command table.
@MainActor @Suite struct KeyDocumentTests {
    @Test func `the list of keys says what the table says`() {
        let path = GoldenScreen.root + "/docs/keys.md"
        let expected = text()
        if getenv("RECORD") != nil, let file = fopen(path, "w") {
            fputs(expected, file)
            fclose(file)
            return
        }
        #expect(GoldenScreen.read(path) == expected, "docs/keys.md is stale; RECORD=1 with this test writes it")
    }

    private func text() -> String {
        let app = AppModel(clock: { Timestamp(seconds: 0) })
        let table = app.commands.commands
        app.preferences.use(.vim)
        var sections: [(title: String, rows: [String])] = []
        for command in table {
            let vim = app.commands[command.id]?.keys ?? []
            let row = "| \(command.title) | \(keys(command.keys)) | \(vim == command.keys ? "" : keys(vim)) | \(place(command)) | `\(command.id)` |"
            if let index = sections.firstIndex(where: { $0.title == command.section }) {
                sections[index].rows.append(row)
            } else {
                sections.append((command.section, [row]))
            }
        }
        let head = """
            # Keys

            Every command with its keys, made from the command table by a test; do not edit. `keys.yaml` gives commands other keys by their id
            ([configuration.md](configuration.md)); the column "vim" says what `set: vim` changes. A sequence such as `D d` shows after its first
            key what can follow.

            """
        return head
            + sections.map { title, rows in
                "\n## \(title)\n\n| what | k9s | vim | where | id |\n|---|---|---|---|---|\n\(rows.joined(separator: "\n"))\n"
            }.joined()
    }

    private func keys(_ keys: [String]) -> String { keys.map { "`\(KeyLabel.text($0))`" }.joined(separator: " ").replacing("|", with: "\\|") }

    private func place(_ command: Command) -> String {
        let place =
            switch command.scope {
            case .anywhere: "everywhere"
            case .browse: "every pane"
            case .pane(let pane): pane.rawValue
            case .typing: "while typing"
            case .detail: "open texts"
            }
        return command.kinds.map { "\(place): \($0.sorted().joined(separator: ", "))" } ?? place
    }
}

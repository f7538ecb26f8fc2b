import KubeClient
import KubeSchemas
import LinuxKernel

/// Names that were asked for, in words.
enum NameText {
    /// The newest first; `hasClients` shows who asked. The value of each line is the name.
    static func make(_ questions: [NameQuestion], hasClients: Bool, filter: String, now: Timestamp) -> DetailText {
        var text = DetailText()
        let shown = questions.filter { question in
            "\(question.client) \(question.name) \(question.type) \(question.code) \(question.answers.joined(separator: " "))".hasWords(of: filter)
        }
        let failed = questions.count { $0.code != "NOERROR" }
        let more = filter.isEmpty ? "" : ", \(shown.count) with \"\(filter)\""
        text.heading(
            "\(questions.count) question\(questions.count == 1 ? "" : "s")",
            [TextSpan("  of the last 1,024 that cluster DNS was asked, \(failed) without a name\(more)", .dim)])
        guard !shown.isEmpty else {
            text.line([TextSpan(questions.isEmpty ? "None of them came from here." : "No line has that.", .dim)])
            return text
        }
        var columns = TextColumns(["AGE"] + (hasClients ? ["WHO"] : []) + ["TYPE", "NAME", "RESULT", "TOOK", "FROM", "ANSWER"])
        for question in shown {
            let isEmpty = question.code == "NOERROR" && question.answers.isEmpty
            let client = hasClients ? [TextSpan(question.client, .accent)] : []
            let result = TextSpan(isEmpty ? "nothing" : question.code, question.code == "NOERROR" ? (isEmpty ? .dim : .ok) : .error)
            columns.add(
                [TextSpan(HumanDuration.text(now - question.time), .dim)] + client
                    + [
                        TextSpan(question.type, .dim), TextSpan(question.name), result, TextSpan(took(question.microseconds), .dim),
                        TextSpan(question.source, .dim),
                        TextSpan(question.answers.joined(separator: ", ")),
                    ])
        }
        text.lineUp(columns) { DetailLink(value: shown[$0].name) }
        return text
    }

    private static func took(_ microseconds: Int64) -> String {
        microseconds < 1000 ? "\(microseconds) µs" : "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
    }
}

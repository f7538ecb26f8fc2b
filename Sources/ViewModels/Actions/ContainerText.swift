import KubeSchemas
import LinuxKernel

/// States of containers in words.
enum ContainerText {
    /// `exit 7 (Error)`, `killed: out of memory (137)`.
    static func ending(_ ended: StateTerminated) -> String {
        if ended.reason == "OOMKilled" { return "killed: out of memory (exit \(ended.exitCode))" }
        if ended.signal != 0 { return "killed by signal \(ended.signal) (\(ended.reason))" }
        return ended.reason.isEmpty ? "exit \(ended.exitCode)" : "exit \(ended.exitCode) (\(ended.reason))"
    }

    /// The state with the moments that belong to it.
    static func spans(_ state: ContainerState, now: Timestamp) -> [TextSpan] {
        if let running = state.running {
            return [TextSpan("running", .ok), TextSpan(" for \(age(running.startedAt, now))", .dim)]
        }
        if let ended = state.terminated {
            let tone: Tone = ended.exitCode == 0 ? .done : .error
            var spans = [TextSpan(ending(ended), tone), TextSpan(" \(age(ended.finishedAt, now)) ago", .dim)]
            if let start = ended.startedAt, let end = ended.finishedAt {
                spans.append(TextSpan(", ran \(HumanDuration.text(end - start))", .dim))
            }
            return spans
        }
        guard let waiting = state.waiting else { return [TextSpan("not started", .pending)] }
        let isFault =
            waiting.reason.contains("BackOff") || waiting.reason.hasPrefix("Err") || waiting.reason.contains("Error")
            || waiting.reason.hasPrefix("Invalid")
        return [TextSpan("waiting: \(waiting.reason.isEmpty ? "no reason given" : waiting.reason)", isFault ? .error : .pending)]
    }

    /// `5m`, or `?` when the moment is unknown.
    static func age(_ moment: Timestamp?, _ now: Timestamp) -> String { moment.map { HumanDuration.text(now - $0) } ?? "?" }
}

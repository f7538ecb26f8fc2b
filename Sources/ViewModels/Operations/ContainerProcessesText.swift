import ClusterOperations
import KubeClient
import KubeSchemas
import LinuxKernel

/// What processes are ordered by.
enum ProcessOrder: String, CaseIterable, Sendable {
    case cpu, memory, pid

    /// The next one, round.
    var next: ProcessOrder { Self.allCases[((Self.allCases.firstIndex(of: self) ?? 0) + 1) % Self.allCases.count] }
}

/// Processes and sockets of containers in words.
enum ContainerProcessesText {
    /// Processes; `earlier` is the look before and when it was, for what they use now. The value of each line is the process's number.
    static func processes(
        _ found: ContainerProcesses, earlier: (processes: ContainerProcesses, elapsed: Duration)?, order: ProcessOrder, now: Timestamp
    ) -> DetailText {
        var text = DetailText()
        text.heading(
            CountText.of(found.processes.count, "process", "processes", isCut: found.isCut),
            [TextSpan("  by \(order.rawValue); Enter opens one, o orders anew, D k sends a signal", .dim)])
        if found.isCut { text.line([TextSpan("Only the first \(ContainerProcesses.maximumCount) are shown.", .warning)]) }
        let before = Dictionary((earlier?.processes.processes ?? []).map { (Key($0), $0.cpuMilliseconds) }, uniquingKeysWith: { first, _ in first })
        let seconds = earlier.map { Double($0.elapsed.components.seconds) + Double($0.elapsed.components.attoseconds) / 1e18 } ?? 0
        let shown = found.processes.map { process -> (process: ContainerProcess, share: Double?) in
            let used = before[Key(process)].map { Double(max(0, process.cpuMilliseconds - $0)) }
            return (process, used.flatMap { seconds > 0 ? $0 / seconds / 10 : nil })
        }.sorted { a, b in
            switch order {
            case .cpu:
                let (left, right) = (a.share ?? 0, b.share ?? 0)
                return left == right ? a.process.cpuMilliseconds > b.process.cpuMilliseconds : left > right
            case .memory: return a.process.resident > b.process.resident
            case .pid: return a.process.pid < b.process.pid
            }
        }
        var columns = TextColumns(["PID", "USER", "CPU", "TIME", "MEMORY", "THREADS", "STATE", "AGE", "COMMAND"])
        for (process, share) in shown {
            columns.add([
                TextSpan("\(process.pid)", .accent), TextSpan(process.user), TextSpan(share.map(percent) ?? "", (share ?? 0) > 50 ? .warning : .normal),
                TextSpan(cpuTime(process.cpuMilliseconds), .dim), TextSpan(ByteText.short(process.resident.value)), TextSpan("\(process.threads)", .dim),
                state(process.state), TextSpan(HumanDuration.text(now - process.startedAt), .dim), TextSpan(process.command),
            ])
        }
        text.lineUp(columns) { DetailLink(value: "\(shown[$0].process.pid)") }
        return text
    }

    /// One process: how it was started, its environment and its open files. The value of a line is what it shows.
    static func process(_ process: ContainerProcess, _ details: ProcessDetails, isRevealed: Bool, now: Timestamp) -> DetailText {
        var text = DetailText()
        text.heading("Process \(process.pid)", [TextSpan("  of \(process.user), \(HumanDuration.text(now - process.startedAt)) old", .dim)])
        text.line([TextSpan(process.command)])
        text.link(DetailLink(value: process.command))
        let hint =
            details.environment.isEmpty ? "  none" : "  as it was started; v \(isRevealed ? "hides" : "shows") values, y copies one"
        text.heading("Environment", [TextSpan(details.environmentProblem == nil ? hint : "", .dim)])
        if let problem = details.environmentProblem { text.line([TextSpan(problem, .warning)]) }
        for variable in details.environment {
            let shown = isRevealed ? variable.value : variable.value.isEmpty ? "" : String(repeating: "•", count: 8)
            text.line([TextSpan(variable.name, .accent), TextSpan("="), TextSpan(shown, isRevealed ? .normal : .dim)])
            text.link(DetailLink(value: variable.value))
        }
        text.heading("Open files", [TextSpan(details.filesProblem == nil ? "  \(details.files.count)" : "", .dim)])
        if let problem = details.filesProblem { text.line([TextSpan(problem, .warning)]) }
        let names = [0: "input", 1: "output", 2: "errors"]
        var columns = TextColumns(["NUMBER", "", "FILE"])
        for file in details.files {
            let isDeleted = file.what.hasSuffix(" (deleted)")
            columns.add([TextSpan("\(file.number)", .accent), TextSpan(names[file.number] ?? "", .dim), TextSpan(file.what, isDeleted ? .warning : .normal)])
        }
        if !details.files.isEmpty { text.lineUp(columns) { DetailLink(value: details.files[$0].what) } }
        return text
    }

    private struct Key: Hashable {
        let pid: Int32
        let started: UInt64
        init(_ process: ContainerProcess) { (pid, started) = (process.pid, process.startedTicks) }
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int64((share * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)%"
    }

    private static func cpuTime(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        guard seconds < 60 else { return "\(seconds / 60)m\(seconds % 60)s" }
        return "\(seconds).\(milliseconds % 1000 / 100)s"
    }

    private static func state(_ letter: String) -> TextSpan {
        switch letter {
        case "R": TextSpan("running", .ok)
        case "S", "I": TextSpan("sleeping", .dim)
        case "D": TextSpan("waits for disk", .warning)
        case "Z": TextSpan("zombie", .error)
        case "T", "t": TextSpan("stopped", .warning)
        default: TextSpan(letter, .dim)
        }
    }

    /// Sockets; the value of each line is its local address.
    static func sockets(_ found: ContainerSockets) -> DetailText {
        var text = DetailText()
        text.heading(
            CountText.of(found.sockets.count, "socket", isCut: found.isCut),
            [TextSpan("  of the pod's network; those without a process are other containers'", .dim)]
        )
        if found.isCut { text.line([TextSpan("Only the first \(ContainerSockets.maximumCount) are shown.", .warning)]) }
        var columns = TextColumns(["PROTO", "LOCAL", "REMOTE", "STATE", "PID", "PROGRAM"])
        for socket in found.sockets {
            columns.add([
                TextSpan(socket.protocol, .dim), TextSpan(socket.local, socket.state == "LISTEN" ? .accent : .normal), TextSpan(socket.remote),
                TextSpan(socket.state, tone(socket.state)), TextSpan(socket.pid.map { "\($0)" } ?? ""), TextSpan(socket.program),
            ])
        }
        text.lineUp(columns) { DetailLink(value: found.sockets[$0].local) }
        return text
    }

    private static func tone(_ state: String) -> Tone {
        switch state {
        case "LISTEN", "ESTABLISHED": .ok
        case "": .dim
        case "CLOSE_WAIT", "SYN_SENT": .warning
        default: .dim
        }
    }
}

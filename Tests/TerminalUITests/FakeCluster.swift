import LinuxKernel
import ViewModels

@testable import TerminalUI

/// View models filled as a small cluster would fill them, at a fixed moment.
@MainActor enum FakeCluster {
    static let now = Timestamp(rfc3339: "2026-03-01T10:05:00Z")!

    static func app() -> AppModel {
        let app = AppModel(clock: { now })
        app.connection = .ready
        app.namespaces.rows = [("default", 5), ("kube-node-lease", 0), ("kube-public", 0), ("kube-system", 2), ("payments", 1)].map {
            name, pods in
            NamespaceRow(
                uid: "ns-\(name)", name: name, status: "Active", tone: .ok, podCount: pods, createdAt: now.advanced(by: .seconds(-90_000)))
        }
        app.pods.upsert(pods, now: now.advanced(by: .seconds(-60)))
        if let index = (0..<app.pods.count).first(where: { app.pods.row(at: $0).uid == "p0" }) { app.pods.select(index: index) }
        fillLogs(app)
        fillEditor(app)
        return app
    }

    static func pod(
        _ uid: String, _ namespace: String, _ name: String, _ status: String = "Running", _ tone: Tone = .ok, ready: Int = 1,
        restarts: Int = 0,
        age: Int64 = 3700, cpu: Usage = Usage(used: 12, request: 50, limit: 250, unit: .milliCPU),
        memory: Usage = Usage(used: 14 << 20, request: 32 << 20, limit: 64 << 20, unit: .bytes), node: String = "kdash-1"
    ) -> PodRow {
        PodRow(
            uid: uid, namespace: namespace, name: name, readyCount: ready, containerCount: 1, status: status, tone: tone,
            restarts: restarts,
            createdAt: now.advanced(by: .seconds(-age)), node: node, ip: node.isEmpty ? "" : "10.42.0.7", cpu: cpu, memory: memory)
    }

    private static var pods: [PodRow] {
        let none = Usage(unit: .milliCPU)
        return [
            pod("p0", "default", "web-6d4cf56db6-5x2lp"),
            pod("p1", "default", "web-6d4cf56db6-9kqwz", cpu: Usage(used: 205, request: 50, limit: 250, unit: .milliCPU)),
            pod("p2", "default", "burner-7b9c6f4d8-pp2vv", age: 640, cpu: Usage(used: 249, limit: 250, unit: .milliCPU)),
            pod("p3", "default", "sum-kx7vq", "Completed", .done, ready: 0, age: 130, cpu: none, memory: Usage(unit: .bytes)),
            pod(
                "p4", "default", "giant-5c8d7f9b44-zzq8d", "Pending", .pending, ready: 0, age: 640,
                cpu: Usage(request: 64_000, unit: .milliCPU), node: ""),
            pod(
                "p5", "payments", "ledger-0", "CrashLoopBackOff", .error, ready: 0, restarts: 14, age: 273_600,
                cpu: Usage(used: 3, request: 100, limit: 500, isLimitEnforced: false, unit: .milliCPU)),
            pod("p6", "kube-system", "dns-0", age: 90_000),
        ]
    }

    static func line(_ text: String, at offset: Int = 0, isError: Bool = false) -> LogLine {
        LogLine(timestamp: now.advanced(by: .milliseconds(offset)), isError: isError, bytes: ArraySlice(Array(text.utf8)))
    }

    private static func fillLogs(_ app: AppModel) {
        app.logs.target = LogTarget(namespace: "default", pod: "web-6d4cf56db6-5x2lp", podUID: "p0", container: "app")
        app.logs.state = .live
        app.logs.lag = .milliseconds(3)
        var lines = (0..<60).map { number in
            line(
                "GET /api/items/\(number) 200 \(number % 7 + 1) ms trace=\(String(number * 7919, radix: 16)) user=anna agent=Mozilla/5.0",
                at: number * 900)
        }
        lines[57] = line("\u{1B}[33mwarn\u{1B}[0m slow upstream \u{1B}[1mledger-0\u{1B}[0m")
        lines[58] = line("panic: connection refused", isError: true)
        lines.insert(LogLine(timestamp: nil, bytes: [], gap: "1,204 lines rotated away 10:02-10:05"), at: 55)
        app.logs.replaceLines(lines, firstLine: 1204)
    }

    /// A log of JSON lines of several levels.
    static func fillLevels(_ app: AppModel) {
        let levels = ["info", "debug", "info", "warn", "info", "error"]
        app.logs.replaceLines(
            (0..<90).map { number in
                let level = levels[number % 6]
                let path = number % 5 == 0 ? "health" : "items/\(number)"
                return line(
                    "{\"level\":\"\(level)\",\"msg\":\"request /\(path) took \(number % 9) ms\",\"http\":{\"status\":\(level == "error" ? 500 : 200)}}",
                    at: number * 300)
            } + [line("started without configuration", at: 30_000)])
    }

    /// Two pods of a Deployment as one log.
    static func mergeLogs(_ app: AppModel) {
        app.logs.show(LogMerge(title: "deployment web", scopes: []))
        for pod in ["5x2lp", "9kqwz"] {
            let target = LogTarget(namespace: "default", pod: "web-6d4cf56db6-\(pod)", podUID: pod, container: "app")
            app.logs.setState(.live, of: app.logs.addSource(target))
        }
        var lines = (0..<60).map { number in
            var line = line("GET /api/items/\(number) 200 \(number % 7 + 1) ms trace=\(String(number * 7919, radix: 16)) user=anna", at: number * 700)
            line.source = number * number % 3 % 2
            return line
        }
        lines[50] = LogLine(timestamp: now, bytes: [], gap: "app started again after exit 7 (Error), 1 restart", source: 1)
        app.logs.append(lines)
    }

    static let manifest = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          labels: {app: web}
          annotations:
            note: "two are enough" # for now
        spec:
          replicas: 2
          template:
            spec:
              containers:
              - name: app
                imge: kdash.dev/demo:1
                command:
                - |
                  # block text, no comment
                  sleep 1
                tty: false
                workingDir: null
        """

    static let deployment = ObjectBinding(context: "kdash", namespace: "default", kind: "Deployment", name: "web", uid: "d0")

    private static func fillEditor(_ app: AppModel) {
        app.editor.target = EditorTarget(binding: deployment, resourceVersion: "4711")
        app.editor.setText(manifest)
        app.editor.state = .viewing
        app.editor.diagnostics = [
            Diagnostic(line: 13, columns: 8..<12, severity: .error, message: "unknown field \"imge\": did you mean \"image\"?")
        ]
    }

    static func screen(_ app: AppModel, depth: ColorDepth = .truecolor) -> Screen {
        let screen = Screen(app: app, theme: ThemeLibrary.standard(depth: depth), glyphs: .unicode)
        screen.hasBracketedPaste = true
        return screen
    }

    static func deleteDialog(typed: Bool = false, onChoice: @escaping (String) -> Void = { _ in }) -> DialogModel {
        DialogModel(
            title: "Delete this pod?", body: [[TextSpan("Its owner makes another one.")]],
            binding: ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "web-6d4cf56db6-5x2lp", uid: "p0"),
            choices: [
                DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Delete", key: "y", isDestructive: true),
            ],
            defaultChoice: 0, typedName: typed ? "web-6d4cf56db6-5x2lp" : nil, onChoice: onChoice)
    }

    static func diff() -> DiffModel {
        let model = DiffModel(
            title: "Apply", binding: deployment,
            lines: [
                DiffLine(kind: .header, text: "spec.template.spec"), DiffLine(kind: .context, text: "containers:"),
                DiffLine(kind: .removed, text: "  image: kdash.dev/demo:1"), DiffLine(kind: .added, text: "  image: kdash.dev/demo:2"),
            ])
        model.state = .ready("the server accepts it: 1 field changes")
        return model
    }
}

extension Screen {
    /// Key names as the command table writes them, as if each had been read alone and painted after.
    @MainActor func type(_ names: String...) {
        for name in names {
            handle([.key(Key(named: name))])
            _ = render(width: 100, height: 30)
            didPaint()
        }
    }
}

extension Key {
    /// The key with a command-table name.
    init(named name: String) {
        var rest = name[...]
        var modifiers: Modifiers = []
        for (prefix, modifier) in [("ctrl-", Modifiers.control), ("alt-", .alternate), ("shift-", .shift)]
        where rest.hasPrefix(prefix) && rest.count > prefix.count {
            rest = rest.dropFirst(prefix.count)
            modifiers.insert(modifier)
        }
        if rest == "space" {
            self = .typed(" ")
        } else if rest.count == 1, let character = rest.first {
            self = .typed(character)
        } else {
            self.init(String(rest))
        }
        self.modifiers = modifiers
    }
}

import Glibc
package import LinuxKernel

/// Programs of the user's.
package enum Program {
    /// The path of a program: itself when it has a slash, otherwise the first in PATH that can be run.
    package static func find(_ name: String, path: String) -> String? {
        if name.contains("/") { return isRunnable(name) ? name : nil }
        return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: isRunnable)
    }

    private static func isRunnable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// This process's environment with some variables set anew.
    package static func environment(adding added: [String: String]) -> [String] {
        var result: [String] = []
        var entry = environ
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if !added.keys.contains(where: { text.hasPrefix("\($0)=") }) { result.append(text) }
            entry += 1
        }
        return result + added.map { "\($0)=\($1)" }.sorted()
    }

    /// Starts the programs of a command, each reading what the one before writes. The first reads `input`, the last writes `output`, all complain to
    /// `errors`; nil is /dev/null. Throws which program is not there, or why one cannot be started; those started before then read an end.
    package static func start(
        _ command: PluginCommand, input: CInt?, output: CInt?, errors: CInt?, environment added: [String: String] = [:]
    ) throws(PluginCommand.Refusal) -> [ChildProcess] {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        var paths: [String] = []
        for stage in command.stages {
            guard let found = find(stage.program, path: path) else {
                throw PluginCommand.Refusal(message: "there is no program \(stage.program.prefix(60)) in PATH")
            }
            paths.append(found)
        }
        let environment = environment(adding: added.merging(command.environment) { _, new in new })
        var children: [ChildProcess] = []
        var reading = input
        var opened: [CInt] = []
        defer { for fd in opened { close(fd) } }
        do throws(SystemError) {
            for (index, stage) in command.stages.enumerated() {
                var writing = output
                var next: CInt?
                if index + 1 < command.stages.count {
                    var ends: [CInt] = [-1, -1]
                    let made = pipe(&ends)
                    guard made == 0 else { throw SystemError.last("pipe") }
                    opened += [ends[0], ends[1]]
                    (next, writing) = (ends[0], ends[1])
                }
                children.append(
                    try ChildProcess.start(
                        paths[index], arguments: [stage.program] + stage.arguments, environment: environment,
                        standardStreams: (reading, writing, errors)))
                reading = next
            }
        } catch {
            // Those that run already read an end and go; they are waited for so that none stays behind.
            for child in children { KernelThread.start("kdash-reap") { _ = try? child.wait() } }  // best effort: it is gone either way
            throw PluginCommand.Refusal(message: "\(error)")
        }
        return children
    }
}

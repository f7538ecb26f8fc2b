internal import CLinux
internal import Glibc
internal import JSONCore
internal import LinuxKernel

/// `list` and `ps`.
enum ListCommands {
    static let processOptions: [CommandArguments.Option] = [.value("format", "f", "FORMAT", does: "table or json")]
    static let listOptions = processOptions + [CommandArguments.Option.flag("quiet", "q", does: "only the ids")]

    static func list(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, listOptions)
        let format = try format(parsed)
        var rows: [[String]] = []
        var states: [JSONValue] = []
        for id in try context.store.ids() {
            // One that is deleted meanwhile, or damaged, does not hide the others.
            let record: ContainerRecord
            do throws(OCIError) { record = try context.store.read(id) } catch {
                context.log.debug("\(error)")
                continue
            }
            let status = context.store.status(record)
            rows.append([id, status == .stopped ? "0" : "\(record.pid)", status.rawValue, record.bundle, record.created, record.owner])
            states.append(record.state(status))
        }
        if parsed.has("quiet") {
            OCILog.put(rows.map { "\($0[0])\n" }.joined())
        } else if format == "json" {
            OCILog.put("\(JSONValue.array(states))\n")
        } else {
            OCILog.put(table([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]] + rows))
        }
        return 0
    }

    private static func format(_ parsed: CommandArguments) throws(OCIError) -> String {
        let format = parsed.last("format") ?? "table"
        guard format == "table" || format == "json" else { throw OCIError(.usage, "the format `\(format)` is neither table nor json") }
        return format
    }

    /// Columns as wide as their widest cell; nothing behind the last.
    static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].utf8.count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.utf8.count + 2)
            }.joined() + "\n"
        }.joined()
    }

    static func processes(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, processOptions, stopsAtWord: true)
        guard let id = parsed.words.first else { throw OCIError(.usage, "container id is missing") }
        let format = try format(parsed)
        let record = try context.store.read(id)
        guard let path = record.cgroup, let layout = ContainerStore.layout() else {
            throw OCIError(.wrongState, "container `\(id)` has no cgroup, by which its processes are found")
        }
        let found = Set(ContainerCgroup(path: path, layout: layout).processes()).sorted()
        if format == "json" {
            OCILog.put("\(JSONValue.array(found.map { .integer(Int64($0)) }))\n")
            return 0
        }
        let more = Array(parsed.words.dropFirst())
        OCILog.put(more.isEmpty ? "PID\n" + found.map { "\($0)\n" }.joined() : try listing(found, more))
        return 0
    }

    /// What ps(1) says with the given arguments, only the lines of these processes.
    private static func listing(_ found: [Int32], _ arguments: [String]) throws(OCIError) -> String {
        let text = try OCIError.attempt("run ps") { () throws(SystemError) in
            let output = try FileDescriptor.memory(named: "ps")
            let exit = try ChildProcess.start("/usr/bin/env", arguments: ["env", "ps"] + arguments, standardStreams: (nil, output.raw, 2)).wait()
            guard exit == .code(0) else { throw SystemError(call: "ps", errno: EINVAL, arguments: arguments.joined(separator: " ")) }
            lseek(output.raw, 0, SEEK_SET)
            return String(decoding: try FileSystem.readAll(output, limit: 16 << 20, named: "ps"), as: UTF8.self)
        }
        let lines = text.split(separator: "\n")
        guard let head = lines.first, let column = head.split(separator: " ").firstIndex(of: "PID") else {
            throw OCIError(.usage, "`ps \(arguments.joined(separator: " "))` has no column PID")
        }
        let kept = lines.dropFirst().filter { line in
            let cells = line.split(separator: " ")
            return cells.indices.contains(column) && Int32(cells[column]).map { found.contains($0) } ?? false
        }
        return ([head] + kept).map { "\($0)\n" }.joined()
    }
}

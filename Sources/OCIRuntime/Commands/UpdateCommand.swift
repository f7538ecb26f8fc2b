internal import JSONCore
internal import LinuxKernel

/// `update`: other limits for a container that is there.
enum UpdateCommand {
    /// Options with where their value belongs in `linux.resources`, and whether it is a text.
    static let fields: [(option: String, path: [String], isText: Bool)] = [
        ("blkio-weight", ["blockIO", "weight"], false), ("cpu-period", ["cpu", "period"], false), ("cpu-quota", ["cpu", "quota"], false),
        ("cpu-burst", ["cpu", "burst"], false), ("cpu-share", ["cpu", "shares"], false), ("cpu-shares", ["cpu", "shares"], false),
        ("cpu-rt-period", ["cpu", "realtimePeriod"], false), ("cpu-rt-runtime", ["cpu", "realtimeRuntime"], false), ("cpu-idle", ["cpu", "idle"], false),
        ("cpuset-cpus", ["cpu", "cpus"], true), ("cpuset-mems", ["cpu", "mems"], true), ("kernel-memory", ["memory", "kernel"], false),
        ("kernel-memory-tcp", ["memory", "kernelTCP"], false), ("memory", ["memory", "limit"], false),
        ("memory-reservation", ["memory", "reservation"], false),
        ("memory-swap", ["memory", "swap"], false), ("pids-limit", ["pids", "limit"], false),
    ]

    static let options: [CommandArguments.Option] =
        [.value("resources", "r", "FILE", does: "linux.resources as JSON (-: standard input)")] + fields.map { .value($0.option, does: "") }

    static func run(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, options)
        let record = try context.store.read(try parsed.onlyWord("container id"))
        let status = context.store.status(record)
        guard status != .stopped, let path = record.cgroup, let layout = ContainerStore.layout() else {
            throw OCIError(
                .wrongState, "container `\(record.id)` is \(status.rawValue)\(record.cgroup == nil ? " and has no cgroup" : ""), so its limits cannot change")
        }
        let resources = try read(parsed)
        // A list of devices replaces the one that there is; without one devices stay as they are.
        try ContainerCgroup(path: path, layout: layout).apply(resources, enforcesDevices: !resources.devices.isEmpty)
        return 0
    }

    static func read(_ parsed: CommandArguments) throws(OCIError) -> ResourceConfiguration {
        var document = JSONValue.object(JSONObject())
        if let path = parsed.last("resources") {
            let bytes = try OCIError.attempt("read the resources") { () throws(SystemError) in
                try FileSystem.readFile(path == "-" ? "/dev/stdin" : path, limit: 3 << 20)
            }
            document = try ContainerStore.document(bytes, path)
        }
        for (option, path, isText) in fields {
            guard let text = parsed.last(option) else { continue }
            guard isText || Int64(text) != nil || bytes(text) != nil else { throw OCIError(.usage, "option `--\(option)` needs a whole number, not `\(text)`") }
            document.setValue(isText ? .string(text) : .integer(bytes(text) ?? 0), at: path[...])
        }
        return try ResourceConfiguration(SpecField(path: "linux.resources", value: document))
    }

    /// A number that may end in k, m or g, which are powers of 1024.
    static func bytes(_ text: String) -> Int64? {
        if let number = Int64(text) { return number }
        var digits = text.lowercased()
        if digits.hasSuffix("b") { digits.removeLast() }
        guard let unit = digits.last, let shift = ["k": 10, "m": 20, "g": 30, "t": 40][unit], let number = Int64(digits.dropLast()) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : product
    }
}

internal import CLinux
internal import Glibc
internal import LinuxKernel

/// `create` and `run`.
enum CreateCommands {
    static let createOptions: [CommandArguments.Option] = [
        .value("bundle", "b", "DIR", does: "where config.json is (the working directory)"),
        .value("config", "f", "FILE", does: "another file than the bundle's config.json"),
        .value("console-socket", nil, "SOCKET", does: "who gets the terminal"), .value("pid-file", nil, "FILE", does: "where the process id is written"),
        .value("preserve-fds", nil, "N", does: "descriptors beyond the standard ones that the program gets"),
        .flag("no-pivot", does: "move the root instead of pivoting"), .flag("no-new-keyring", does: "keep the session keyring"), .flag("no-subreaper"),
    ]
    static let runOptions: [CommandArguments.Option] =
        createOptions + [.flag("detach", "d", does: "do not wait for its end"), .flag("keep", does: "do not delete it")]

    static func create(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, createOptions)
        var creation = try ContainerCreation(store: context.store, options: read(parsed, context), log: context.log)
        try creation.perform { _, creation throws(OCIError) in try ProcessLauncher.writePID(creation.pid, to: creation.options.pidFile) }
        return 0
    }

    static func run(_ arguments: ArraySlice<String>, _ context: OCIContext) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, runOptions)
        var options = try read(parsed, context)
        (options.startsAtOnce, options.detaches, options.keeps) = (true, parsed.has("detach"), parsed.has("keep"))
        var creation = try ContainerCreation(store: context.store, options: options, log: context.log)
        if !options.detaches { ProcessLauncher.holdSignals() }
        try creation.perform { conversation, creation throws(OCIError) in
            try ProcessLauncher.writePID(creation.pid, to: creation.options.pidFile)
            try conversation.sayContinue()
            // Its end closes the socket as its exec does; what fails says so first.
            guard case .ended = try conversation.next() else { throw OCIError(.container, "the container's process spoke out of turn") }
            try LifeCommands.runPoststart(creation.configuration, creation.record)
        }
        if options.detaches { return 0 }
        let status = kd_oci_attend(creation.pid, creation.master)
        if !options.keeps {
            var removal = ContainerRemoval(store: context.store, record: creation.record, log: context.log)
            removal.isForced = true
            try removal.perform()
        }
        return ProcessLauncher.exitCode(status)
    }

    private static func read(_ parsed: CommandArguments, _ context: OCIContext) throws(OCIError) -> ContainerCreation.Options {
        var options = ContainerCreation.Options()
        options.id = try parsed.onlyWord("container id")
        options.bundle = OCICommand.absolute(parsed.last("bundle") ?? ".")
        options.consoleSocket = parsed.last("console-socket").flatMap { $0.isEmpty ? nil : $0 }
        options.pidFile = parsed.last("pid-file").flatMap { $0.isEmpty ? nil : OCICommand.absolute($0) }
        options.noPivot = parsed.has("no-pivot")
        options.noNewKeyring = parsed.has("no-new-keyring")
        options.preserved = try preserved(parsed)
        options.makesCgroups = context.makesCgroups
        options.configurationFile = parsed.last("config")
        return options
    }

    /// How many descriptors beyond the standard ones the program gets, those of them that are there; ours close themselves.
    static func preserved(_ parsed: CommandArguments) throws(OCIError) -> Int {
        let asked = try parsed.number("preserve-fds") ?? 0
        guard (0...1024).contains(asked) else { throw OCIError(.usage, "--preserve-fds must be between 0 and 1024, not \(asked)") }
        return Int(asked) + listening
    }

    /// How many sockets the caller passes for socket activation. Source: sd_listen_fds(3).
    static var listening: Int { max(0, min(getenv("LISTEN_FDS").flatMap { Int(String(cString: $0)) } ?? 0, 1024)) }
}

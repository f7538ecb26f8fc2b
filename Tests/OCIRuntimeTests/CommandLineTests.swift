import ContainerRuntime
import JSONCore
import Testing

@testable import OCIRuntime

@Suite struct CommandLineTests {
    @Test(
        arguments: [
            (["kdash", "oci", "list"], ["list"]), (["/opt/bin/kdash-oci", "list"], ["list"]), (["crun", "list"], ["list"]),
            (["/sbin/runc"], []), (["crunch", "list"], nil), (["kdash", "oci"], []), (["kdash", "up"], nil), (["kdash"], nil),
            ([], nil),
        ] as [([String], [String]?)]) func `the runtime is called by its name or by its word`(arguments: [String], rest: [String]?)
    {
        #expect(OCICommand.call(arguments).map { Array($0) } == rest)
        #expect(OCICommand.isCalled(arguments) == (rest != nil))
    }

    @Test func `help and version name what was called, and every command has help`() throws {
        #expect(OCICommand.calledName(["/usr/bin/crun", "list"]) == "crun" && OCICommand.calledName(["/x/kdash", "oci"]) == "kdash oci")
        #expect(OCICommand.versionText("1.2", name: "kdash oci").hasPrefix("kdash-oci version 1.2\nspec: 1.2.0\n+"))
        for command in CommandHelp.commands {
            let help = try #require(CommandHelp.command(command.name, "crun"))
            #expect(help.hasPrefix("Usage: crun [OPTION...] \(command.name)"))
            #expect(CommandHelp.overview("crun").contains("\n  \(command.name) "))
        }
        #expect(CommandHelp.command("fly", "crun") == nil)
    }

    @Test func `cgroups are made unless they are disabled`() throws {
        #expect(try OCICommand.makesCgroups(nil) && OCICommand.makesCgroups("cgroupfs") && OCICommand.makesCgroups("systemd"))
        #expect(try !OCICommand.makesCgroups("disabled"))
        #expect(throws: OCIError.self) { try OCICommand.makesCgroups("other") }
    }

    @Test func `options stand before and behind words, with and without an equals sign`() throws {
        let options: [CommandArguments.Option] = [.value("bundle", "b"), .flag("detach", "d"), .value("format", "f")]
        let parsed = try CommandArguments(["-db", "dir", "--format=json", "id", "--bundle", "other"], options)
        #expect(parsed.has("detach") && parsed.all("bundle") == ["dir", "other"] && parsed.last("format") == "json" && parsed.words == ["id"])
        #expect(try CommandArguments(["-bdir"], options).last("bundle") == "dir")
        #expect(try CommandArguments(["--", "--bundle"], options).words == ["--bundle"])
        #expect(try CommandArguments(["--detach=false"], options).has("detach") == false)
    }

    @Test func `a command's own options are left to it`() throws {
        let parsed = try CommandArguments(["--tty", "id", "ls", "--tty", "-l"], [.flag("tty", "t")], stopsAtWord: true, wordsBefore: 1)
        #expect(parsed.words == ["id", "ls", "--tty", "-l"])
        let global = try CommandArguments(["--root", "/r", "create", "--bundle", "b", "id"], OCICommand.globalOptions, stopsAtWord: true)
        #expect(global.last("root") == "/r" && global.words == ["create", "--bundle", "b", "id"])
    }

    @Test(arguments: [["--nothing"], ["-x"], ["--bundle"], ["-b"], ["--detach=1"]]) func `what is not understood is refused`(arguments: [String]) {
        #expect(throws: OCIError.self) { try CommandArguments(arguments[...], [.value("bundle", "b"), .flag("detach", "d")]) }
    }

    @Test(arguments: [("TERM", 15), ("SIGKILL", 9), ("sigusr1", 10), ("9", 9), ("0", 0), ("RTMIN+3", 37), ("SIGRTMAX", 64), ("RTMAX-1", 63)])
    func `signals have names and numbers`(text: String, number: Int32) throws {
        #expect(try Signals.number(text) == number)
    }

    @Test(arguments: ["", "SIG", "65", "-1", "RTMIN+31", "NOPE"]) func `what is no signal is refused`(text: String) {
        #expect(throws: OCIError.self) { try Signals.number(text) }
    }

    @Test(arguments: ["", ".", "..", "a/b", "a b", "é", String(repeating: "a", count: 256)]) func `an id that is a path or no name is refused`(id: String) {
        #expect(throws: OCIError.self) { try ContainerStore.check(id: id) }
    }

    @Test func `a user is only ever numbers`() throws {
        #expect(try ExecCommand.user("5:6") == (5, 6))
        #expect(try ExecCommand.user("5") == (5, 0))
        for text in ["root", "5:", "-1", "4294967295", "4294967296", "99999999999999999999", "5:x"] {
            #expect(throws: OCIError.self) { try ExecCommand.user(text) }
        }
    }

    @Test func `an exec's cgroup is below the container's`() throws {
        #expect(try ExecCommand.subgroup("/a/b/") == "a/b" && ExecCommand.subgroup("/") == nil && ExecCommand.subgroup(nil) == nil)
        #expect(throws: OCIError.self) { try ExecCommand.subgroup("../x") }
    }

    @Test func `an exec starts from the container's process`() throws {
        let configuration = try BundleConfiguration(BundleConfigurationTests.document([(["process", "env"], ["A=1", "B=2"])]))
        let options: [CommandArguments.Option] = [.value("env", "e"), .value("cap", "c"), .flag("tty", "t"), .value("process", "p")]
        let parsed = try CommandArguments(["-e", "A=3", "--cap", "CAP_SYS_ADMIN"], options)
        let process = try ExecCommand.process(parsed, configuration, ["ls"])
        #expect(configuration.process?.noNewPrivileges == true && process.noNewPrivileges)
        #expect(process.environment == ["B=2", "A=3"] && process.arguments == ["ls"] && !process.terminal)
        #expect(process.capabilities.effective.rawValue >> 21 & 1 == 1 && process.capabilities.inheritable.rawValue == 0)
        #expect(throws: OCIError.self) { try ExecCommand.process(parsed, configuration, []) }
    }

    @Test func `update's options are resources`() throws {
        let options = UpdateCommand.fields.map { CommandArguments.Option.value($0.option) }
        let resources = try UpdateCommand.read(
            try CommandArguments(["--memory", "64m", "--cpuset-cpus", "0-1", "--pids-limit=-1", "--cpu-share", "5"], options))
        #expect(resources.memoryLimit == 64 << 20 && resources.cpus == "0-1" && resources.processLimit == -1 && resources.cpuShares == 5)
        #expect(throws: OCIError.self) { try UpdateCommand.read(try CommandArguments(["--memory", "lots"], options)) }
    }

    @Test(arguments: ["-1", "1025", "9223372036854775807", "x"]) func `so many descriptors are not passed on`(count: String) throws {
        let parsed = try CommandArguments(["--preserve-fds", count], [.value("preserve-fds")])
        #expect(throws: OCIError.self) { try CreateCommands.preserved(parsed) }
    }

    @Test func `tables have columns`() {
        #expect(ListCommands.table([["ID", "PID"], ["long-name", "1"]]) == "ID         PID\nlong-name  1\n")
    }
}

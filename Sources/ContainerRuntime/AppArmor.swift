internal import Glibc
internal import LinuxKernel

/// AppArmor on this machine: whether the kernel enforces profiles, and the one that containers get which ask for no other.
package enum AppArmor {
    /// What containers can be confined with.
    package enum Support: Sendable, Hashable {
        /// The kernel enforces no profiles.
        case disabled
        /// The kernel does; `defaultProfile` is what `RuntimeDefault` stands for, or why it could not be loaded.
        case enabled(defaultProfile: Result<String, RuntimeError>)
    }

    /// Whether the kernel enforces profiles.
    package static let isEnabled = (try? FileSystem.readText("/sys/module/apparmor/parameters/enabled"))?.hasPrefix("Y") ?? false  // best effort: absent is no

    /// The same and the default profile, which is loaded when first asked for.
    package static func support() async -> Support {
        isEnabled ? .enabled(defaultProfile: await loading.value) : .disabled
    }

    private static let loading = Task { () async -> Result<String, RuntimeError> in
        do throws(RuntimeError) {
            try await load()
            return .success(defaultProfileName)
        } catch {
            return .failure(error)
        }
    }

    /// Compiles the default profile and puts it into the kernel, where it replaces an older one.
    private static func load() async throws(RuntimeError) {
        let places = ["/usr/sbin", "/sbin", "/usr/bin"].map { "\($0)/apparmor_parser" }
        guard let parser = places.first(where: { FileSystem.exists($0) }) else {
            throw RuntimeError(.notFound, "this machine has no apparmor_parser to load \(defaultProfileName) with; install the package apparmor")
        }
        let status: Int32
        let output: String
        do throws(SystemError) {
            let source = try FileDescriptor.memory(named: "profile")
            let errors = try FileDescriptor.memory(named: "errors")
            try source.writeAll(Array(defaultProfile.utf8))
            lseek(source.raw, 0, SEEK_SET)
            let child = try ChildProcess.start(
                parser, arguments: ["apparmor_parser", "--replace", "--skip-cache", "--quiet"], environment: [],
                standardStreams: (source.raw, nil, errors.raw))
            status = try await child.waitUntilExit().status
            lseek(errors.raw, 0, SEEK_SET)
            output = String(decoding: try FileSystem.readAll(errors, limit: 1 << 16, named: "errors"), as: UTF8.self)
        } catch {
            throw RuntimeError(.system, "cannot load the AppArmor profile \(defaultProfileName)", cause: error)
        }
        guard status == 0 else {
            throw RuntimeError(.system, "apparmor_parser refused \(defaultProfileName) with status \(status): \(output.prefix(300))")
        }
    }

    /// What the profile is called; the machine shows it in /sys/kernel/security/apparmor/profiles.
    package static let defaultProfileName = "kdash-default"

    /// Everything that a container needs, and nothing that changes the machine. Capabilities, users and namespaces are limited elsewhere; this holds
    /// where one of those has a hole. Mounting is left out, and so refused.
    static let defaultProfile = """
        profile \(defaultProfileName) flags=(attach_disconnected, mediate_deleted) {
          network,
          capability,
          file,
          umount,
          signal (receive) peer=unconfined,
          signal (send, receive) peer=\(defaultProfileName),
          ptrace (trace, read, tracedby, readby) peer=\(defaultProfileName),

          deny /proc/{acpi,asound,bus,fs,irq,scsi,sys,tty}/** wkl,
          deny /proc/* wkl,
          deny /proc/{kcore,sysrq-trigger} rwklx,
          deny /sys/{block,bus,class,dev,devices,hypervisor,kernel,module,power}/** wkl,
          deny /sys/{firmware,kernel/security,devices/virtual/powercap}/** rwklx,
        }

        """
}

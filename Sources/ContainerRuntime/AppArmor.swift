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

    /// The same and the default profile, which is loaded when first asked for, and again when somebody took it out.
    package static func support() async -> Support {
        isEnabled ? .enabled(defaultProfile: await loader.profile()) : .disabled
    }

    private static let loader = Loader()

    /// Loads the profile once for all that ask.
    private actor Loader {
        private var loading: Task<Result<String, RuntimeError>, Never>?
        private var isLoaded = false
        /// Why it could not be loaded, and when that was: tried again a little later.
        private var failure: (error: RuntimeError, at: ContinuousClock.Instant)?

        func profile() async -> Result<String, RuntimeError> {
            if isLoaded, AppArmor.isInKernel { return .success(defaultProfileName) }
            if let failure, failure.at.duration(to: .now) < .seconds(30) { return .failure(failure.error) }
            let task = loading ?? Task { await AppArmor.load() }
            loading = task
            let result = await task.value
            loading = nil
            switch result {
            case .success: (isLoaded, failure) = (true, nil)
            case .failure(let error): (isLoaded, failure) = (false, (error, .now))
            }
            return result
        }
    }

    /// Whether the kernel has the profile; true where that cannot be seen.
    private static var isInKernel: Bool {
        guard let list = try? FileSystem.readText("/sys/kernel/security/apparmor/profiles") else { return true }  // best effort: not mounted
        return list.split(separator: "\n").contains { $0.hasPrefix("\(defaultProfileName) (") }
    }

    /// How long the compiler may take.
    private static let patience = Duration.seconds(10)

    /// Compiles the default profile and puts it into the kernel, where it replaces an older one.
    private static func load() async -> Result<String, RuntimeError> {
        let places = ["/usr/sbin", "/sbin", "/usr/bin"].map { "\($0)/apparmor_parser" }
        guard let parser = places.first(where: { FileSystem.exists($0) }) else {
            return .failure(
                RuntimeError(.notFound, "this machine has no apparmor_parser to load \(defaultProfileName) with; install the package apparmor"))
        }
        do throws(SystemError) {
            let source = try FileDescriptor.memory(named: "profile")
            let errors = try FileDescriptor.memory(named: "errors")
            try source.writeAll(Array(defaultProfile.utf8))
            lseek(source.raw, 0, SEEK_SET)
            let child = try ChildProcess.start(
                parser, arguments: ["apparmor_parser", "--replace", "--skip-cache", "--quiet"], environment: [],
                standardStreams: (source.raw, nil, errors.raw))
            let end = Task {
                guard (try? await Task.sleep(for: patience)) != nil else { return }  // best effort: cancelled when it has ended by itself
                kill(child.pid, SIGKILL)
            }
            defer { end.cancel() }
            let status = try await child.waitUntilExit().status
            guard status != 0 else { return .success(defaultProfileName) }
            lseek(errors.raw, 0, SEEK_SET)
            let said = String(decoding: try FileSystem.readAll(errors, limit: 1 << 16, named: "errors"), as: UTF8.self)
            return .failure(RuntimeError(.system, "apparmor_parser refused \(defaultProfileName) with status \(status): \(said.prefix(300))"))
        } catch {
            return .failure(RuntimeError(.system, "cannot load the AppArmor profile \(defaultProfileName)", cause: error))
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

          deny /proc/* wkl,
          deny /proc/[^0-9st]*/** wkl,
          deny /proc/{sys,sysvipc,scsi,tty}/** wkl,
          deny /proc/{kcore,sysrq-trigger} rwklx,
          deny /sys/{block,bus,class,dev,devices,hypervisor,kernel,module,power}/** wkl,
          deny /sys/fs/[^c]*/** wkl,
          deny /sys/{firmware,kernel/security,devices/virtual/powercap}/** rwklx,
        }

        """
}

internal import ContainerRuntime
internal import JSONCore

/// `linux.seccomp` as the kernel takes it.
enum SystemCallFilter {
    /// Flags of seccomp(2) by the specification's names.
    private static let flags: [String: UInt64] = [
        "SECCOMP_FILTER_FLAG_TSYNC": 1, "SECCOMP_FILTER_FLAG_LOG": 2, "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": 32,
    ]

    /// The program and its flags; an empty program when there is no filter.
    static func compile(_ json: JSONValue?) throws(OCIError) -> (program: [UInt8], flags: UInt64) {
        guard let json else { return ([], 0) }
        let field = SpecField(path: "linux.seccomp", value: json)
        guard try field.member("listenerPath").text()?.isEmpty ?? true else {
            throw try field.member("listenerPath").fault("is set, but this runtime has no listeners for system calls")
        }
        var bits: UInt64 = 0
        for name in try field.member("flags").texts() {
            guard let bit = flags[name] else { throw try field.member("flags").fault("has `\(name)`, which is no flag of seccomp") }
            // A filter is loaded by a process of one thread: all its threads have it.
            bits |= bit
        }
        for name in try field.member("architectures").texts() where !name.hasPrefix("SCMP_ARCH_") {
            throw try field.member("architectures").fault("has `\(name)`, which is no architecture")
        }
        do throws(RuntimeError) { return (try SeccompRules(document: json).program(), bits) } catch {
            throw OCIError(.invalidConfiguration, "config.json: linux.seccomp: \(error.message)")
        }
    }
}

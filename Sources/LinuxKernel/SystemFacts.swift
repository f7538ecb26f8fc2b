internal import CLinux

/// What the kernel says about the machine this process runs on.
package enum SystemFacts {
    /// The host name as uname(2) reports it.
    package static var hostname: String { names().node }
    /// The kernel release, for example `6.1.0-28-amd64`.
    package static var kernelRelease: String { names().release }
    /// The machine type, for example `x86_64`.
    package static var machine: String { names().machine }
    /// Go's name of the machine type, as images and node labels use it: `amd64`, `arm64`.
    package static var architecture: String {
        switch machine {
        case "x86_64": "amd64"
        case "aarch64": "arm64"
        case let other: other
        }
    }

    /// The effective user id; 0 is root.
    package static var effectiveUser: UInt32 { kd_effective_user() }
    /// How many processors this process may run on.
    package static var processorCount: Int { max(1, Int(kd_cpu_count())) }
    /// All memory of the machine.
    package static var totalMemory: ByteCount { ByteCount(Int64(clamping: kd_total_memory())) }

    /// Changes with every boot; empty when /proc is not mounted.
    package static var bootID: String { line(of: "/proc/sys/kernel/random/boot_id") }
    /// The machine's lasting id; empty when it has none.
    package static var machineID: String { line(of: "/etc/machine-id") }
    /// `PRETTY_NAME` of os-release, or `Linux`.
    package static var operatingSystem: String {
        for path in ["/etc/os-release", "/usr/lib/os-release"] {
            for line in text(of: path).split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
                return String(line.dropFirst(12).filter { $0 != "\"" })
            }
        }
        return "Linux"
    }

    private static func names() -> (release: String, machine: String, node: String) {
        let capacity = 65
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity * 3) { buffer in
            buffer.initialize(repeating: 0)
            let base = buffer.baseAddress!
            _ = kd_uname(base, base + capacity, base + 2 * capacity, capacity)
            return (String(cString: base), String(cString: base + capacity), String(cString: base + 2 * capacity))
        }
    }

    private static func line(of path: String) -> String {
        String(text(of: path).prefix { $0 != "\n" })
    }

    private static func text(of path: String) -> String {
        do throws(SystemError) {
            return String(decoding: try FileSystem.readFile(path, limit: 65536), as: UTF8.self)
        } catch {
            return ""  // A missing file is an absent fact, which callers see as "".
        }
    }
}

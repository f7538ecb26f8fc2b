/// Where this machine keeps its cgroup controllers: version 1, version 2, or both side by side.
package struct CgroupLayout: Sendable, Hashable {
    package enum Mode: String, Sendable { case v1, v2, hybrid, none }

    package let mode: Mode
    /// Version 1: controller (or `name=…`) to mount point, for example `cpuacct` to `/sys/fs/cgroup/cpu,cpuacct`.
    package let controllers: [String: String]
    /// The version 2 mount point, when there is one.
    package let unified: String?

    /// Reads the mounts this process sees.
    package static func detect() throws(SystemError) -> CgroupLayout {
        CgroupLayout(mountInfo: try FileSystem.readText("/proc/self/mountinfo", limit: 16 << 20))
    }

    /// Parses the text of /proc/self/mountinfo (proc(5)).
    package init(mountInfo: String) {
        var controllers: [String: String] = [:]
        var unified: String?
        for line in mountInfo.split(separator: "\n") {
            guard let dash = line.range(of: " - ") else { continue }
            let left = line[..<dash.lowerBound].split(separator: " ")
            let right = line[dash.upperBound...].split(separator: " ")
            guard left.count > 4, right.count > 2 else { continue }
            switch right[0] {
            case "cgroup2": unified = unified ?? String(left[4])
            case "cgroup":
                for option in right[2].split(separator: ",") where option != "rw" && option != "ro" && controllers[String(option)] == nil {
                    controllers[String(option)] = String(left[4])
                }
            default: continue
            }
        }
        self.controllers = controllers
        self.unified = unified
        switch (controllers.isEmpty, unified) {
        case (true, nil): mode = .none
        case (true, _): mode = .v2
        case (false, nil): mode = .v1
        case (false, _): mode = .hybrid
        }
    }
}

extension Substring {
    /// The first occurrence of `text`; the standard library's own needs _StringProcessing.
    fileprivate func range(of text: StaticString) -> Range<Index>? {
        let needle = Array("\(text)")
        var start = startIndex
        while start < endIndex {
            if self[start...].starts(with: needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// Where a container's cgroup is below each hierarchy's root.
enum CgroupPath {
    /// From `linux.cgroupsPath`, which is a path, or `slice:prefix:name` as engines with systemd write it. A relative path, and none, are below
    /// `parent`. Throws for what would leave the hierarchy.
    static func resolve(_ configured: String?, id: String, parent: String) throws(OCIError) -> String {
        guard let configured, !configured.isEmpty else { return joined(parent, "kdash-oci-\(id)") }
        let parts = configured.split(separator: ":", omittingEmptySubsequences: false)
        let path: String
        if parts.count == 3, !configured.hasPrefix("/") {
            path = try systemd(slice: String(parts[0]), prefix: String(parts[1]), name: String(parts[2]), configured)
        } else {
            path = configured.hasPrefix("/") ? configured : joined(parent, configured)
        }
        let names = path.split(separator: "/")
        guard !names.isEmpty, !names.contains(".."), !names.contains(".") else {
            throw OCIError(.invalidConfiguration, "config.json: linux.cgroupsPath `\(configured)` must name a cgroup below the root, without `..`")
        }
        return "/" + names.joined(separator: "/")
    }

    private static func joined(_ parent: String, _ path: String) -> String { parent == "/" ? "/\(path)" : "\(parent)/\(path)" }

    /// The path that systemd gives to the unit: `a-b.slice` is in `a.slice`.
    private static func systemd(slice: String, prefix: String, name: String, _ configured: String) throws(OCIError) -> String {
        let slice = slice.isEmpty ? "system.slice" : slice
        guard slice.hasSuffix(".slice"), !slice.contains("/"), !name.isEmpty, !name.contains("/"), !prefix.contains("/") else {
            throw OCIError(.invalidConfiguration, "config.json: linux.cgroupsPath `\(configured)` is no slice:prefix:name")
        }
        var path = ""
        if slice != "-.slice" {
            var unit = ""
            for part in slice.dropLast(6).split(separator: "-", omittingEmptySubsequences: false) {
                guard !part.isEmpty else { throw OCIError(.invalidConfiguration, "config.json: linux.cgroupsPath has `\(slice)`, which is no slice") }
                unit += unit.isEmpty ? String(part) : "-\(part)"
                path += "/\(unit).slice"
            }
        }
        if name.hasSuffix(".slice") { return "\(path)/\(name)" }
        return "\(path)/\(prefix.isEmpty ? "" : "\(prefix)-")\(name).scope"
    }
}

internal import JSONCore

/// What an image says about running it. Source: OCI image-spec config.md; Docker's schema 2 has the same fields.
package struct ImageConfig: Sendable, Hashable {
    package var entrypoint: [String] = []
    package var cmd: [String] = []
    /// `KEY=value`.
    package var env: [String] = []
    /// `user`, `uid`, `user:group` or `uid:gid`; empty is root.
    package var user = ""
    /// Empty is `/`.
    package var workingDir = ""
    /// A name or a number; empty is SIGTERM.
    package var stopSignal = ""
    /// Paths that want a volume of their own.
    package var volumes: [String] = []
    /// `80/tcp`.
    package var exposedPorts: [String] = []
    package var labels: [String: String] = [:]

    package init() {}

    /// Reads the `config` member of an image configuration; absent members keep their defaults.
    init(_ value: JSONValue) {
        func strings(_ key: String) -> [String] { value[key]?.arrayValue?.compactMap(\.stringValue) ?? [] }
        func keys(_ key: String) -> [String] { value[key]?.objectValue?.keys.sorted() ?? [] }
        entrypoint = strings("Entrypoint")
        cmd = strings("Cmd")
        env = strings("Env")
        user = value["User"]?.stringValue ?? ""
        workingDir = value["WorkingDir"]?.stringValue ?? ""
        stopSignal = value["StopSignal"]?.stringValue ?? ""
        volumes = keys("Volumes")
        exposedPorts = keys("ExposedPorts")
        for member in value["Labels"]?.objectValue ?? [:] { labels[member.key] = member.value.stringValue ?? "" }
    }

    /// As the `config` member of an image configuration.
    var value: JSONValue {
        var object = JSONObject()
        func set(_ key: String, _ list: [String]) { if !list.isEmpty { object[key] = .array(list.map { .string($0) }) } }
        set("Entrypoint", entrypoint)
        set("Cmd", cmd)
        set("Env", env)
        if !user.isEmpty { object["User"] = .string(user) }
        if !workingDir.isEmpty { object["WorkingDir"] = .string(workingDir) }
        if !stopSignal.isEmpty { object["StopSignal"] = .string(stopSignal) }
        if !labels.isEmpty { object["Labels"] = .object(JSONObject(labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })) }
        return .object(object)
    }
}

/// The parts of an image configuration file that matter here.
struct ImageConfiguration {
    let bytes: [UInt8]
    let digest: Digest
    let architecture: String
    let operatingSystem: String
    let diffIDs: [Digest]
    let config: ImageConfig

    /// Parses a configuration of at most 4 MiB.
    init(parsing bytes: [UInt8]) throws(ImageError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSON.parse(bytes, limits: JSONLimits(maximumBytes: 4 << 20)) } catch {
            throw ImageError(.corrupt, "the image configuration is not JSON: \(error)")
        }
        let listed = value["rootfs"]?["diff_ids"]?.arrayValue ?? []
        guard listed.count <= 500 else {
            throw ImageError(.tooLarge, "the image has \(listed.count) layers; the kernel stacks 500 at most")
        }
        var diffIDs: [Digest] = []
        for item in listed {
            guard let digest = Digest(item.stringValue ?? "") else {
                throw ImageError(.corrupt, "the image configuration names a layer \"\(item.stringValue ?? "")\", which is no sha256 digest")
            }
            diffIDs.append(digest)
        }
        self.bytes = bytes
        digest = Digest(of: bytes)
        architecture = value["architecture"]?.stringValue ?? ""
        operatingSystem = value["os"]?.stringValue ?? ""
        self.diffIDs = diffIDs
        config = ImageConfig(value["config"] ?? .object(JSONObject()))
    }

    /// A configuration made here, for images built from host files.
    static func encode(_ config: ImageConfig, diffIDs: [Digest], architecture: String) -> [UInt8] {
        JSON.encode([
            "architecture": .string(architecture), "os": "linux", "config": config.value,
            "rootfs": ["type": "layers", "diff_ids": .array(diffIDs.map { .string("\($0)") })],
        ])
    }
}

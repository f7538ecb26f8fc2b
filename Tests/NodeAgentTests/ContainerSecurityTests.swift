import ContainerImages
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

/// What a container asks of its security is given or refused, never left out.
struct ContainerSecurityTests {
    private static func withData<Result>(_ body: (NodePaths) throws -> Result) throws -> Result {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        let layer = "\(folder)/images/layers/l/fs/etc"
        for name in [layer, "\(folder)/seccomp/deep"] { try FileSystem.makeDirectories(name) }
        defer { try? FileSystem.removeTree(folder) }  // best effort: it is under /tmp
        try FileSystem.writeAtomically("\(layer)/passwd", Array("app:x:7:8::/srv:\n".utf8))
        try FileSystem.writeAtomically("\(layer)/group", Array("wheel:x:50:app\n".utf8))
        try FileSystem.writeAtomically("\(folder)/seccomp/deep/ok.json", Array(#"{"defaultAction": "SCMP_ACT_ALLOW"}"#.utf8))
        try FileSystem.writeAtomically("\(folder)/seccomp/bad.json", Array(#"{"defaultAction": "SCMP_ACT_NOTIFY"}"#.utf8))
        return try body(NodePaths(data: folder))
    }

    private func spec(
        _ container: JSONObject, spec: JSONObject = [:], volumes: JSONValue = [], metadata: JSONObject = [:], appArmor: AppArmor.Support = .disabled
    ) throws -> ContainerSpec {
        try Self.withData { paths in
            var value: JSONObject = ["name": "main", "command": ["/bin/app"]]
            for member in container { value[member.key] = member.value }
            var more = spec
            more["volumes"] = volumes
            let pod = Pod.sample(containers: [.object(value)], spec: more, metadata: metadata)
            let image = Image.sample(user: "app", layers: ["\(paths.data)/images/layers/l/fs"])
            return try ContainerSpecBuilder(
                pod: pod, container: pod.spec.containers[0], image: image, attempt: 0, paths: paths, environment: [], cgroup: .none, oomScoreAdjust: 0,
                log: .init(), appArmor: appArmor
            ).build()
        }
    }

    private func refusal(_ container: JSONObject, spec: JSONObject = [:], volumes: JSONValue = []) throws -> String {
        do {
            _ = try self.spec(container, spec: spec, volumes: volumes)
            return "built"
        } catch let error as ConfigurationError {
            return "\(error.reason): \(error.message)"
        }
    }

    // MARK: - AppArmor

    private static let enabled = AppArmor.Support.enabled(defaultProfile: .success("kdash-default"))
    private func appArmor(_ profile: JSONObject) -> JSONObject { ["securityContext": ["appArmorProfile": .object(profile)]] }

    @Test func `AppArmor confines by the container's profile, else the annotation's, else the pod's, else the default`() throws {
        func profile(_ container: JSONObject, spec: JSONObject = [:], metadata: JSONObject = [:]) throws -> String? {
            try self.spec(container, spec: spec, metadata: metadata, appArmor: Self.enabled).process.appArmorProfile
        }
        let mine = appArmor(["type": "Localhost", "localhostProfile": "mine"])
        #expect(try profile([:]) == "kdash-default")
        #expect(try profile(mine) == "mine")
        #expect(try profile([:], spec: mine) == "mine")
        #expect(try profile(appArmor(["type": "RuntimeDefault"]), spec: mine) == "kdash-default")
        #expect(try profile(appArmor(["type": "Unconfined"]), spec: mine) == nil)
        let old = { (value: JSONValue) -> JSONObject in ["annotations": ["container.apparmor.security.beta.kubernetes.io/main": value]] }
        #expect(try profile([:], metadata: old("localhost/old")) == "old")
        #expect(try profile([:], metadata: old("unconfined")) == nil)
        #expect(try profile([:], metadata: old("runtime/default")) == "kdash-default")
        #expect(try profile(mine, metadata: old("unconfined")) == "mine")
        #expect(try profile([:], spec: appArmor(["type": "Unconfined"]), metadata: old("localhost/strict")) == "strict")
        #expect(try spec([:]).process.appArmorProfile == nil)
    }

    @Test func `AppArmor's default is not for privileged containers, and its lack is said to who asked for it`() throws {
        let privileged: JSONObject = ["securityContext": ["privileged": true]]
        #expect(try spec(privileged, appArmor: Self.enabled).process.appArmorProfile == nil)
        let named: JSONObject = ["securityContext": ["privileged": true, "appArmorProfile": ["type": "Localhost", "localhostProfile": "mine"]]]
        #expect(try spec(named, appArmor: Self.enabled).process.appArmorProfile == "mine")
        let failing = AppArmor.Support.enabled(defaultProfile: .failure(RuntimeError(.notFound, "no parser")))
        #expect(try spec([:], appArmor: failing).process.appArmorProfile == nil)
        func missing(_ container: JSONObject, isPrivileged: Bool = false, support: AppArmor.Support) -> String? {
            var container = container
            container["name"] = "main"
            let pod = Pod.sample(containers: [.object(container)])
            return AppArmorChoice(of: pod.spec.containers[0], in: pod).missingDefault(isPrivileged: isPrivileged, support: support)?.message
        }
        #expect(missing([:], support: failing) == "no parser")
        #expect(missing([:], support: Self.enabled) == nil && missing([:], support: .disabled) == nil)
        #expect(missing([:], isPrivileged: true, support: failing) == nil)
        #expect(missing(appArmor(["type": "Unconfined"]), support: failing) == nil)
        let error = #expect(throws: ConfigurationError.self) { try spec(appArmor(["type": "RuntimeDefault"]), appArmor: failing) }
        #expect(error?.message.contains("no parser") == true && error?.reason == "CreateContainerError")
    }

    private func seccomp(_ profile: JSONObject) -> JSONObject { ["securityContext": ["seccompProfile": .object(profile)]] }

    @Test func `a filter of the node's own folder is loaded, for a container or for its pod`() throws {
        let profile: JSONObject = ["type": "Localhost", "localhostProfile": "deep/ok.json"]
        let expected = SeccompPolicy.program(try SeccompRules(json: Array(#"{"defaultAction": "SCMP_ACT_ALLOW"}"#.utf8)).program())
        #expect(try spec(seccomp(profile)).process.seccomp == expected)
        #expect(try spec([:], spec: seccomp(profile)).process.seccomp == expected)
        #expect(try spec(seccomp(["type": "Unconfined"]), spec: seccomp(profile)).process.seccomp == .unconfined)
        #expect(try spec([:]).process.seccomp == .runtimeDefault)
    }

    @Test(arguments: [
        ("missing.json", "put the profile's JSON there"), ("../x.json", "without .."), ("/etc/passwd", "without .."), ("", "without .."),
        ("bad.json", "SCMP_ACT_NOTIFY is not supported"), ("deep", "is no file"),
    ]) func `a filter that cannot be had keeps its container from starting`(file: String, complaint: String) throws {
        let text = try refusal(seccomp(["type": "Localhost", "localhostProfile": .string(file)]))
        #expect(text.hasPrefix("CreateContainerError: ") && text.contains(complaint) && text.contains("seccomp"), "\(text)")
    }

    @Test func `Strict leaves out the groups of the image`() throws {
        let groups: JSONObject = ["supplementalGroups": [60], "fsGroup": 70]
        #expect(try spec([:], spec: ["securityContext": .object(groups)]).process.user.supplementalGroups == [50, 60, 70])
        var strict = groups
        strict["supplementalGroupsPolicy"] = "Strict"
        #expect(try spec([:], spec: ["securityContext": .object(strict)]).process.user.supplementalGroups == [60, 70])
    }

    @Test func `a pod with users of its own has no others, sees all of proc and mounts into no node`() throws {
        let own: JSONObject = ["hostUsers": false]
        #expect(try spec(["securityContext": ["procMount": "Unmasked"]], spec: own).isUnmasked)
        #expect(try !spec([:], spec: own).isUnmasked)
        for context: JSONValue in [["runAsUser": 65536], ["runAsGroup": 70000]] {
            let text = try refusal(["securityContext": context], spec: own)
            #expect(text.hasPrefix("CreateContainerError") && text.contains("only 0 to 65535"), "\(text)")
        }
        let grouped = try refusal([:], spec: ["hostUsers": false, "securityContext": ["fsGroup": 65536]])
        #expect(grouped.contains("group 65536"), "\(grouped)")
        let mount: JSONValue = ["name": "v", "mountPath": "/v", "mountPropagation": "Bidirectional"]
        let text = try refusal(["volumeMounts": [mount], "securityContext": ["privileged": true]], spec: own, volumes: [["name": "v", "emptyDir": [:]]])
        #expect(text.contains("HostToContainer"), "\(text)")
    }

    @Test func `an unmasked proc is refused without users of the pod's own`() throws {
        #expect(try refusal(["securityContext": ["procMount": "Unmasked"]]).hasPrefix("CreateContainerError: container main: procMount Unmasked"))
        #expect(try refusal(["securityContext": ["procMount": "Default"]]) == "built")
    }

    @Test func `only a privileged container mounts into the node`() throws {
        let mount: JSONValue = ["name": "v", "mountPath": "/v", "mountPropagation": "Bidirectional"]
        let volumes: JSONValue = [["name": "v", "emptyDir": [:]]]
        let text = try refusal(["volumeMounts": [mount]], volumes: volumes)
        #expect(text.contains("available only to privileged containers"), "\(text)")
        let privileged = try spec(["volumeMounts": [mount], "securityContext": ["privileged": true]], volumes: volumes)
        #expect(privileged.mounts.last?.propagation == .both)
    }

    @Test(arguments: [(nil, false), ("Disabled", false), ("IfPossible", true), ("Enabled", true)] as [(String?, Bool)])
    func `what is mounted below is read-only only when that is asked for`(below: String?, expected: Bool) throws {
        var mount: JSONValue = ["name": "v", "mountPath": "/v", "readOnly": true]
        if let below { mount["recursiveReadOnly"] = .string(below) }
        let made = try spec(["volumeMounts": [mount]], volumes: [["name": "v", "hostPath": ["path": "/srv"]]]).mounts.last
        #expect(made?.isReadOnly == true && made?.isReadOnlyBelow == expected)
    }
}

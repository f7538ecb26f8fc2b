import APIMachinery
import ContainerRuntime
import Glibc
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

@Suite struct ClaimedVolumeTests {
    private static let source = Volume(["name": "v", "persistentVolumeClaim": ["claimName": "data"]])

    private func claim(_ modes: JSONValue = ["ReadWriteOnce"], phase: String = "Bound") -> PersistentVolumeClaim {
        var claim = PersistentVolumeClaim(name: "data", namespace: "default")
        claim.object.uid = "claim-uid"
        claim.object["spec"] = ["accessModes": modes, "volumeName": "pv"]
        claim.object["status"] = ["phase": .string(phase)]
        if phase == "Bound" { claim.object.annotations[PersistentVolumeClaim.Annotation.bindCompleted] = "yes" }
        return claim
    }

    private func volume(_ spec: JSONObject) -> PersistentVolume {
        var volume = PersistentVolume(name: "pv")
        var whole: JSONObject = ["claimRef": ["namespace": "default", "name": "data", "uid": "claim-uid"]]
        for member in spec { whole[member.key] = member.value }
        volume.object["spec"] = .object(whole)
        return volume
    }

    private func node(_ name: String) -> Node {
        var node = Node(name: name)
        node.object.labels = ["kubernetes.io/hostname": name]
        return node
    }

    @Test func `a claim stands for a path of the node`() throws {
        let local = try ClaimedVolume(claim(), volume(["local": ["path": "/var/lib/kdash/volumes/pv"]]), of: Self.source, pod: .sample(), node: nil)
        #expect(local == ClaimedVolume(volume: "pv", path: "/var/lib/kdash/volumes/pv", type: "Directory", isReadOnly: false, takesGroup: true))
        let host = try ClaimedVolume(
            claim(["ReadOnlyMany"]), volume(["hostPath": ["path": "/srv", "type": "DirectoryOrCreate"]]), of: Self.source, pod: .sample(), node: nil)
        #expect(host == ClaimedVolume(volume: "pv", path: "/srv", type: "DirectoryOrCreate", isReadOnly: true, takesGroup: false))
        let location = try VolumeLocation(Self.source, pod: .sample(), paths: NodePaths(data: "/d"), claimed: host)
        #expect(location.nodePath == "/srv" && location.creation == .directory && location.isReadOnly)
        for source in [Self.source, Volume(["name": "v", "image": ["reference": "i"]]), Volume(["name": "v", "ephemeral": [:]])] {
            #expect(throws: VolumeProblem.self) { try VolumeLocation(source, pod: .sample(), paths: NodePaths(data: "/d")) }
        }
    }

    @Test(
        arguments: [
            (["nfs": ["server": "s", "path": "/"]], "type nfs are not supported"), (["local": ["path": "/a/../b"]], "without .."),
            (["hostPath": ["path": "srv"]], "must be absolute"), ([:], "type  are not supported"),
            (["volumeMode": "Block", "local": ["path": "/x"]], "only Filesystem"),
            (["claimRef": ["name": "data", "namespace": "default", "uid": "other"], "local": ["path": "/x"]], "bound to another claim"),
            (
                [
                    "local": ["path": "/x"],
                    "nodeAffinity": [
                        "required": [
                            "nodeSelectorTerms": [
                                ["matchExpressions": [["key": "kubernetes.io/hostname", "operator": "In", "values": ["far"]]]]
                            ]
                        ]
                    ],
                ], "NodeAffinity check failed"
            ),
        ] as [(JSONObject, String)])
    func `a volume that the node cannot use is refused`(spec: JSONObject, text: String) {
        let problem = #expect(throws: VolumeProblem.self) {
            try ClaimedVolume(claim(), volume(spec), of: Self.source, pod: .sample(), node: node("near"))
        }
        #expect(problem?.message.contains(text) == true, "\(problem?.message ?? "")")
    }

    @Test func `a claim that is missing, not bound or another pod's is waited for`() {
        func obstacle(_ claim: PersistentVolumeClaim?, _ source: Volume = Self.source) -> String? {
            ClaimedVolume.obstacle(claim, named: "data", of: source, pod: .sample())?.message
        }
        #expect(obstacle(nil)?.hasSuffix("failed to fetch PVC from API server: persistentvolumeclaims \"data\" not found") == true)
        #expect(obstacle(claim(phase: "Pending")) == "error processing PVC default/data: PVC is not bound")
        #expect(obstacle(claim()) == nil)
        let ephemeral = Volume(["name": "v", "ephemeral": ["volumeClaimTemplate": ["spec": [:]]]])
        #expect(obstacle(claim(), ephemeral)?.contains("(pod is not owner)") == true)
    }
}

@Suite struct LocalVolumesTests {
    private static func withData(_ body: (String, String) async throws -> Void) async throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        for name in ["data", "outside/inner"] { try FileSystem.makeDirectories("\(folder)/\(name)") }
        defer { try? FileSystem.removeTree(folder) }  // best effort: it is under /tmp
        try await body("\(folder)/data", "\(folder)/outside")
    }

    @Test func `a volume is made once, open to all, and removed with what it holds`() async throws {
        try await Self.withData { (data, outside) async throws -> Void in
            let volumes = LocalVolumes(data: data)
            try await volumes.make("pvc-1")
            try FileSystem.writeAtomically("\(data)/volumes/pvc-1/kept", Array("kept".utf8))
            try await volumes.make("pvc-1")
            #expect(try FileSystem.readText("\(data)/volumes/pvc-1/kept") == "kept")
            var info = stat()
            #expect(stat("\(data)/volumes/pvc-1", &info) == 0 && info.st_mode & 0o777 == 0o777)
            #expect(symlink(outside, "\(data)/volumes/pvc-1/link") == 0)
            try await volumes.remove("pvc-1")
            try await volumes.remove("pvc-1")
            #expect(try FileSystem.names(in: "\(data)/volumes").isEmpty && FileSystem.names(in: outside) == ["inner"])
        }
    }

    @Test(arguments: ["", ".", "..", "../outside", "a/b", "/etc"])
    func `a name that is no file name makes and removes nothing`(name: String) async throws {
        try await Self.withData { (data, outside) async throws -> Void in
            await #expect(throws: SystemError.self) { try await LocalVolumes(data: data).make(name) }
            await #expect(throws: SystemError.self) { try await LocalVolumes(data: data).remove(name) }
            #expect(try FileSystem.names(in: outside) == ["inner"])
            #expect(try FileSystem.names(in: data).isEmpty)
        }
    }

    @Test func `a link in a volume's place is not followed`() async throws {
        try await Self.withData { (data, outside) async throws -> Void in
            try FileSystem.makeDirectories("\(data)/volumes")
            #expect(symlink(outside, "\(data)/volumes/pvc-1") == 0)
            let error = await #expect(throws: SystemError.self) { try await LocalVolumes(data: data).make("pvc-1") }
            #expect(error?.errno == ELOOP)
            try await LocalVolumes(data: data).remove("pvc-1")
            #expect(try FileSystem.names(in: "\(data)/volumes").isEmpty && FileSystem.names(in: outside) == ["inner"])
            // Nor one in the place of all.
            try FileSystem.removeDirectory("\(data)/volumes")
            #expect(symlink(outside, "\(data)/volumes") == 0)
            await #expect(throws: SystemError.self) { try await LocalVolumes(data: data).remove("inner") }
            #expect(try FileSystem.names(in: outside) == ["inner"])
        }
    }

    @Test func `a group gets every file, and no link's target`() async throws {
        try await Self.withData { (data, outside) async throws -> Void in
            try await LocalVolumes(data: data).make("v")
            try FileSystem.makeDirectories("\(data)/volumes/v/a/b", mode: 0o700)
            try FileSystem.writeAtomically("\(data)/volumes/v/a/b/file", [1], mode: 0o600)
            try FileSystem.writeAtomically("\(outside)/secret", [1], mode: 0o600)
            #expect(symlink("\(outside)/secret", "\(data)/volumes/v/link") == 0)
            #expect(symlink(outside, "\(data)/volumes/v/a/folder") == 0)
            let root = try SafeDirectory.open("volumes/v", below: data)
            let group = getegid()
            try VolumeOwnership.give(root, to: group, onlyOnMismatch: false)
            func mode(_ path: String) -> mode_t {
                var info = stat()
                return stat(path, &info) == 0 ? info.st_mode & 0o7777 : 0
            }
            #expect(mode("\(data)/volumes/v") == 0o2777 && mode("\(data)/volumes/v/a/b") & 0o2770 == 0o2770)
            #expect(mode("\(data)/volumes/v/a/b/file") & 0o060 == 0o060)
            #expect(mode("\(outside)/secret") == 0o600 && mode(outside) & 0o2020 == 0)
            // As it should be at the root: the rest is not looked at.
            #expect(chmod("\(data)/volumes/v/a/b/file", 0o600) == 0)
            try VolumeOwnership.give(root, to: group, onlyOnMismatch: true)
            #expect(mode("\(data)/volumes/v/a/b/file") == 0o600)
        }
    }
}

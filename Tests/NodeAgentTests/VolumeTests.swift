import APIMachinery
import Glibc
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

/// A directory that goes with the test.
private final class Scratch {
    let path: String
    init() throws {
        var template = Array("/tmp/kdash-volume-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template)).withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
    }
    deinit { try? FileSystem.removeTree(path) }  // best effort: a leftover of a test

    func text(_ name: String) throws -> String { try FileSystem.readText("\(path)/\(name)") }
    func mode(_ name: String) throws -> mode_t {
        var info = stat()
        try #require(stat("\(path)/\(name)", &info) == 0)
        return info.st_mode & 0o7777
    }
}

struct AtomicVolumeTests {
    private let now = Timestamp(seconds: 1_767_225_600)

    private func file(_ path: String, _ text: String, _ mode: UInt32 = 0o644) -> VolumeFile {
        VolumeFile(path: path, bytes: Array(text.utf8), mode: mode)
    }

    @Test func `files appear through the data link with their modes`() throws {
        let scratch = try Scratch()
        try AtomicVolume(base: scratch.path, path: "pods/u/volumes/v", group: nil).write(
            [file("a", "one"), file("deep/er/b", "two", 0o400)], now: now)
        #expect(try scratch.text("pods/u/volumes/v/a") == "one")
        #expect(try scratch.text("pods/u/volumes/v/deep/er/b") == "two")
        #expect(try scratch.mode("pods/u/volumes/v/a") == 0o644)
        #expect(try scratch.mode("pods/u/volumes/v/deep/er/b") == 0o400)
        #expect(try FileSystem.readLink("\(scratch.path)/pods/u/volumes/v/a") == "..data/a")
    }

    @Test func `a change swaps everything at once and leaves nothing behind`() throws {
        let scratch = try Scratch()
        for files in [[file("a", "1"), file("gone", "x"), file("d/e", "y")], [file("a", "2"), file("new", "n")]] {
            try AtomicVolume(base: scratch.path, path: "v", group: nil).write(files, now: now)
        }
        let names = try FileSystem.names(in: scratch.path + "/v")
        #expect(names.filter { !$0.hasPrefix("..") } == ["a", "new"])
        #expect(names.filter { $0.hasPrefix("..") }.count == 2)
        #expect(try scratch.text("v/a") == "2")
    }

    @Test func `an open file keeps its content over a swap`() throws {
        let scratch = try Scratch()
        try AtomicVolume(base: scratch.path, path: "v", group: nil).write([file("a", "old")], now: now)
        let open = try FileDescriptor.open(scratch.path + "/v/a", O_RDONLY)
        try AtomicVolume(base: scratch.path, path: "v", group: nil).write([file("a", "new")], now: now)
        #expect(try open.read(maximum: 10) == Array("old".utf8))
    }

    @Test func `a link planted on the way is refused`() throws {
        let scratch = try Scratch()
        try FileSystem.makeDirectories(scratch.path + "/outside")
        try #require(symlink(scratch.path + "/outside", scratch.path + "/v") == 0)
        #expect(throws: SystemError.self) {
            try AtomicVolume(base: scratch.path, path: "v", group: nil).write([file("a", "x")], now: now)
        }
        #expect(try FileSystem.names(in: scratch.path + "/outside").isEmpty)
    }

    @Test func `directories of a subPath stay inside the volume`() throws {
        let scratch = try Scratch()
        try FileSystem.makeDirectories(scratch.path + "/volume")
        try #require(symlink("/etc", scratch.path + "/volume/link") == 0)
        let root = try FileDescriptor.open(scratch.path + "/volume", O_RDONLY | O_DIRECTORY)
        try SafeDirectory.makeInside(root, "a/b/c", mode: 0o777)
        #expect(FileSystem.isDirectory(scratch.path + "/volume/a/b/c"))
        #expect(try scratch.mode("volume/a/b") == 0o777)
        // The link's target counts from the volume's root, where nothing is.
        #expect(throws: SystemError.self) { try SafeDirectory.makeInside(root, "link/x", mode: 0o777) }
        #expect(!FileSystem.exists("/etc/x"))
    }

    @Test(arguments: ["", "/a", "../a", "a/../b", "a//b", ".", "a/.", "..data", "a\0b", String(repeating: "x", count: 256)])
    func `a path that could leave the volume is refused`(path: String) {
        #expect(!VolumeFile.isAcceptable(path))
    }

    @Test(arguments: ["a", "a/b", ".hidden", "a..b", "a/..b"]) func `an ordinary path is accepted`(path: String) {
        #expect(VolumeFile.isAcceptable(path))
    }
}

struct ProjectedFilesTests {
    private func files(_ volume: JSONValue, objects: [ObjectCache.Key: KubeObject] = [:], pod: Pod = .sample(), tokens: [Int: String] = [:]) throws -> [String:
        VolumeFile]
    {
        let fields = PodFields(pod: pod, nodeName: "n", hostIP: "h", podIP: "", nodeMemory: .gibibytes(8))
        let list = try ProjectedFiles(pod: pod, fields: fields, objects: objects, tokens: tokens).files(of: Volume(volume))
        return Dictionary(uniqueKeysWithValues: list.map { ($0.path, $0) })
    }

    private let objects: [ObjectCache.Key: KubeObject] = [
        .configMap("default", "c"): KubeObject(["data": ["k": "v", "other": "o"], "binaryData": ["b": "AAE="]]),
        .secret("default", "s"): KubeObject(["data": ["p": "c2VjcmV0"]]),
    ]

    @Test func `all keys become files, texts and bytes`() throws {
        let found = try files(["name": "v", "configMap": ["name": "c", "defaultMode": 0o600]], objects: objects)
        #expect(found.keys.sorted() == ["b", "k", "other"])
        #expect(found["b"]?.bytes == [0, 1])
        #expect(found["k"]?.mode == 0o600)
        #expect(try files(["name": "v", "secret": ["secretName": "s"]], objects: objects)["p"]?.bytes == Array("secret".utf8))
    }

    @Test func `items choose keys, paths and modes`() throws {
        let items: JSONValue = [["key": "k", "path": "x/y", "mode": 0o400]]
        let found = try files(["name": "v", "configMap": ["name": "c", "items": items]], objects: objects)
        #expect(found.mapValues(\.mode) == ["x/y": 0o400])
    }

    private static let missing: [(JSONValue, String)] = [
        (["name": "c"] as JSONValue, "configmap \"c\" not found"),
        (["name": "here", "items": [["key": "z", "path": "z"]]], "references non-existent config key: z"),
    ]

    @Test(arguments: missing)
    func `what is missing is named and waited for`(source: JSONValue, message: String) throws {
        let known = [ObjectCache.Key.configMap("default", "here"): KubeObject(["data": ["k": "v"]])]
        #expect(throws: VolumeProblem(message: message, waitsForObject: true)) { try files(["name": "v", "configMap": source], objects: known) }
        var optional = source
        optional["optional"] = true
        #expect(try files(["name": "v", "configMap": optional], objects: known).isEmpty)
    }

    @Test func `a downwardAPI volume tells labels and amounts`() throws {
        let pod = Pod.sample(
            containers: [["name": "main", "resources": ["limits": ["cpu": "1500m", "memory": "64Mi"]]]],
            metadata: ["labels": ["b": "two \"quoted\"", "a": "one"]])
        let items: JSONValue = [
            ["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]],
            ["path": "cpu", "resourceFieldRef": ["containerName": "main", "resource": "limits.cpu"]],
            ["path": "memory", "resourceFieldRef": ["containerName": "main", "resource": "limits.memory", "divisor": "1Mi"]],
        ]
        let found = try files(["name": "v", "downwardAPI": ["items": items]], pod: pod).mapValues { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(found == ["labels": "a=\"one\"\nb=\"two \\\"quoted\\\"\"", "cpu": "2", "memory": "64"])
    }

    @Test func `projected sources share one directory, the later one wins`() throws {
        let sources: JSONValue = [
            ["configMap": ["name": "c", "items": [["key": "k", "path": "same"]]]], ["secret": ["name": "s", "items": [["key": "p", "path": "same"]]]],
            ["serviceAccountToken": ["path": "token"]],
        ]
        let found = try files(["name": "v", "projected": ["sources": sources]], objects: objects, tokens: [2: "t"])
        #expect(found["same"]?.bytes == Array("secret".utf8))
        #expect(found["token"]?.mode == 0o644)
        let owned = Pod.sample(spec: ["securityContext": ["runAsUser": 1000]])
        let token = try files(["name": "v", "projected": ["sources": sources]], objects: objects, pod: owned, tokens: [2: "t"])["token"]
        #expect(token?.mode == 0o600)
        #expect(token?.owner == 1000)
    }

    @Test func `a source that is not supported is named`() throws {
        #expect(throws: VolumeProblem.self) {
            try files(["name": "v", "projected": ["sources": [["clusterTrustBundle": ["path": "x"]]]]])
        }
    }

    @Test func `a token is replaced when four fifths of its life are over`() {
        let now = Timestamp(seconds: 1000)
        #expect(PodToken(text: "t", issued: now, expires: Timestamp(seconds: 4600)).refreshAt == Timestamp(seconds: 3880))
        #expect(PodToken(text: "t", issued: now, expires: Timestamp(seconds: 10_000_000)).refreshAt == Timestamp(seconds: 87_400))
    }

    @Test func `the objects of a pod are those of its volumes and environments`() {
        let pod = Pod.sample(
            containers: [
                [
                    "name": "main", "envFrom": [["configMapRef": ["name": "a"]]],
                    "env": [["name": "X", "valueFrom": ["secretKeyRef": ["name": "b", "key": "k"]]]],
                ]
            ],
            spec: ["volumes": [["name": "v", "projected": ["sources": [["configMap": ["name": "c"]]]]], ["name": "w", "secret": ["secretName": "d"]]]])
        #expect(
            pod.referencedObjects == [
                .configMap("default", "a"), .secret("default", "b"), .configMap("default", "c"), .secret("default", "d"),
            ])
    }
}

struct VolumeLocationTests {
    private func location(_ volume: JSONValue) throws -> VolumeLocation {
        try VolumeLocation(Volume(volume), pod: .sample(), paths: NodePaths(data: "/d"))
    }

    @Test(arguments: [
        ["name": "v", "nfs": ["server": "s"]] as JSONValue, ["name": "v", "hostPath": ["path": "relative"]], ["name": "v", "hostPath": ["path": "/a/../b"]],
        ["name": "v", "emptyDir": ["medium": "Tape"]],
    ])
    func `a volume that cannot be is refused`(volume: JSONValue) {
        #expect(throws: VolumeProblem.self) { try location(volume) }
    }

    @Test func `a volume without a source is an empty directory`() throws {
        #expect(try location(["name": "v"]).kind == .emptyDirectory)
        #expect(try location(["name": "v", "emptyDir": ["medium": "Memory", "sizeLimit": "1Mi"]]).kind == .memory(.mebibytes(1)))
    }

    @Test(arguments: [
        ("Directory", S_IFREG as mode_t?, "hostPath type check failed: /x is not a directory" as String?),
        ("Directory", nil, "hostPath type check failed: /x is not a directory"),
        ("File", S_IFREG, nil), ("FileOrCreate", nil, nil), ("DirectoryOrCreate", S_IFREG, "hostPath type check failed: /x is not a directory"),
        ("Socket", S_IFREG, "hostPath type check failed: /x is not a socket file"), ("CharDevice", S_IFCHR, nil), ("", nil, nil),
    ])
    func `a node path must be what its type says`(type: String, found: mode_t?, complaint: String?) throws {
        #expect(try location(["name": "v", "hostPath": ["path": "/x", "type": .string(type)]]).complaint(found: found) == complaint)
    }
}

struct MemoryVolumeTests {
    private func hugePages(_ medium: String, limits: [JSONObject]) throws -> VolumeLocation.Kind {
        let containers = limits.enumerated().map { ["name": .string("c\($0.offset)"), "resources": ["limits": .object($0.element)]] as JSONValue }
        let volume = Volume(["name": "v", "emptyDir": ["medium": .string(medium), "sizeLimit": "6Mi"]])
        return try VolumeLocation(volume, pod: .sample(containers: containers), paths: NodePaths(data: "/d")).kind
    }

    @Test func `a volume of huge pages has the size that it or its pod names`() throws {
        let both: [JSONObject] = [["hugepages-2Mi": "4Mi", "memory": "1Gi"], ["hugepages-1Gi": "1Gi"]]
        #expect(try hugePages("HugePages", limits: [both[0]]) == .hugePages(pageSize: .mebibytes(2), limit: .mebibytes(6)))
        #expect(try hugePages("HugePages-1Gi", limits: both) == .hugePages(pageSize: .gibibytes(1), limit: .mebibytes(6)))
        let several = #expect(throws: VolumeProblem.self) { try hugePages("HugePages", limits: both) }
        #expect(several?.message.contains("have 2 sizes") == true)
        #expect(throws: VolumeProblem.self) { try hugePages("HugePages", limits: [[:]]) }
        let missing = #expect(throws: VolumeProblem.self) { try hugePages("HugePages-1Gi", limits: [both[0]]) }
        #expect(missing?.message.contains("limit of hugepages-1Gi") == true)
        #expect(throws: VolumeProblem.self) { try hugePages("HugePages-x", limits: both) }
    }

    @Test(arguments: [(nil, nil, nil), ("10Mi", nil, 10), (nil, "64Mi", 64), ("10Mi", "64Mi", 10), ("1Gi", "64Mi", 64)] as [(String?, String?, Int64?)])
    func `a volume in memory takes no more than its limit and its pod's`(own: String?, pods: String?, expected: Int64?) throws {
        var source: JSONValue = ["medium": "Memory"]
        if let own { source["sizeLimit"] = .string(own) }
        let limits: JSONValue = pods.map { ["limits": ["memory": .string($0)]] } ?? .object([:])
        let pod = Pod.sample(containers: [["name": "main", "resources": limits]])
        let location = try VolumeLocation(Volume(["name": "v", "emptyDir": source]), pod: pod, paths: NodePaths(data: "/d"))
        #expect(location.kind == .memory(expected.map { .mebibytes($0) }))
    }
}

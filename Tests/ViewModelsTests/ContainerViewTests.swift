import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct ContainerViewTests {
    private let binding = ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "web-1", uid: "uid-web-1")
    private static let base = "/kdash/v1/containers/default/web-1/app"

    private static func file(_ name: String, _ kind: ContainerFile.Kind, size: Int64 = 0, link: String? = nil) -> ContainerFile {
        ContainerFile(
            name: FilePath(name)!, kind: kind, size: ByteCount(size), mode: kind == .directory ? 0o755 : 0o644, owner: 0, group: 0,
            modified: Timestamp(rfc3339: "2026-03-01T09:00:00Z")!, link: link.flatMap { FilePath($0) }, version: "v-\(name)")
    }

    private static func process(_ pid: Int32, _ command: String, cpu: Int64 = 0, memory: Int64 = 4096) -> ContainerProcess {
        ContainerProcess(
            pid: pid, parent: 0, user: "root", state: "S", cpuMilliseconds: cpu, resident: ByteCount(memory), threads: 1,
            startedAt: Timestamp(rfc3339: "2026-03-01T09:00:00Z")!, startedTicks: UInt64(pid) * 10, command: command)
    }

    private func words(_ text: DetailText) -> String { text.lines.map { $0.map(\.text).joined() }.joined(separator: "\n") }
    private func words(_ fixture: Fixture) -> String { (fixture.app.detail?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    @Test func `files are listed with directories first, and lead into them and up again`() {
        let listing = ContainerListing(
            files: [
                Self.file("zoo", .directory), Self.file("app.conf", .file, size: 1536), Self.file("now", .link, link: "/zoo"), Self.file("q", .pipe),
                Self.file("a\\x1b[2J", .file),
            ], isCut: false, isRunning: true)
        let text = ContainerFilesText.list(listing, at: FilePath("/etc")!)
        let all = words(text)
        for part in ["..", "zoo/", "app.conf", "now -> /zoo", "q  (pipe)", "1.5 KiB", "a\\x1b[2J", "drwxr-xr-x"] { #expect(all.contains(part), "\(all)") }
        let values = text.links.sorted { $0.key < $1.key }.map { $0.value.value }
        #expect(values == ["/", "/etc/zoo", "/etc/a\\x1b[2J", "/etc/app.conf", "/etc/now", "/etc/q"])
        #expect(CountText.of(1, "file") == "1 file" && CountText.of(2, "process", "processes") == "2 processes")
        #expect(CountText.of(1, "socket", isCut: true) == "1+ sockets" && CountText.of(0, "socket") == "0 sockets")
        let ended = words(ContainerFilesText.list(ContainerListing(files: [], isCut: true, isRunning: false), at: .root))
        #expect(ended.contains("the container has ended: read only") && ended.contains("Only the first 10000"))
    }

    @Test(
        arguments: [
            ([], "The file is empty."), (Array("a\tb\nc".utf8), "a    b"), ([0, 1, 2, 0x41], "00000000  00 01 02 41"), ([0xff, 0xfe, 0x41], "ff fe 41"),
            (Array("half \u{20ac}".utf8.dropLast()), "half "),
        ] as [([UInt8], String)])
    func `text shows as text and everything else as bytes`(bytes: [UInt8], expected: String) {
        let part = ContainerFilePart(file: Self.file("x", .file, size: Int64(bytes.count) + 1), bytes: bytes, isRunning: true)
        #expect(words(ContainerFilesText.content(part)).contains(expected), "\(words(ContainerFilesText.content(part)))")
    }

    @Test func `processes show what they use now, in the order that is asked for`() {
        let before = ContainerProcesses(processes: [Self.process(1, "init"), Self.process(7, "burn", cpu: 1000)], isCut: false)
        let now = ContainerProcesses(processes: [Self.process(1, "init", memory: 8 << 20), Self.process(7, "burn", cpu: 2500)], isCut: true)
        let time = Timestamp(rfc3339: "2026-03-01T10:00:00Z")!
        let byCPU = ContainerProcessesText.processes(now, earlier: (before, .seconds(2)), order: .cpu, now: time)
        #expect(byCPU.links.sorted { $0.key < $1.key }.map { $0.value.value } == ["7", "1"])
        #expect(words(byCPU).contains("75.0%") && words(byCPU).contains("Only the first"))
        let byMemory = ContainerProcessesText.processes(now, earlier: nil, order: .memory, now: time)
        #expect(byMemory.links.sorted { $0.key < $1.key }.map { $0.value.value } == ["1", "7"])
        #expect(ProcessOrder.cpu.next.next.next == .cpu)
    }

    @Test func `a signal is asked for, and sent to the process that was seen`() async throws {
        try await Fixture.with { fixture in
            fixture.server.answer(
                "\(Self.base)/processes", ContainerProcesses(processes: [Self.process(1, "init"), Self.process(7, "worker")], isCut: false).value)
            fixture.session.openProcesses(ContainerTarget(namespace: "default", pod: "web-1", podUID: "uid-web-1", container: "app"), binding)
            try await fixture.until("they are listed") { words(fixture).contains("worker") }
            fixture.app.detail?.select(value: "7")
            fixture.run("processes.signal")
            guard case .palette(let palette)? = fixture.app.modal else { throw APIStatus.timeout("no question") }
            palette.query.text = "KILL"
            palette.accept()
            let dialog = try #require(fixture.dialog)
            #expect(dialog.title == "Send SIGKILL to process 7?" && dialog.choices[dialog.focused].id == "no")
            #expect(fixture.server.writes.isEmpty)
            dialog.choose("yes")
            try await fixture.until("it is sent") { !fixture.server.writes.isEmpty }
            let sent = try #require(fixture.server.writes.first)
            #expect(
                sent.path == "\(Self.base)/signal" && sent.queryValue("signal") == "9" && sent.queryValue("pid") == "7"
                    && sent.queryValue("startedTicks") == "70")
        }
    }

    private static let images = [
        NodeImage(
            id: "sha256:a", names: ["app:2"], loadedAt: Timestamp(seconds: 0),
            layers: [
                .init(chain: "c1", digest: "sha256:l1", size: ByteCount(100 << 20), command: "ADD rootfs"),
                .init(chain: "c2", digest: "sha256:l2", size: ByteCount(10 << 20), command: ""),
            ],
            containers: ["default/web-1/app"]),
        NodeImage(
            id: "sha256:b", names: ["app:1"], loadedAt: Timestamp(seconds: 0),
            layers: [
                .init(chain: "c1", digest: "sha256:l1", size: ByteCount(100 << 20), command: "ADD rootfs"),
                .init(chain: "c3", digest: "sha256:l3", size: ByteCount(5 << 20), command: "RUN x"),
            ],
            containers: []),
    ]

    @Test func `what comes free is exactly what no other image has`() {
        #expect(NodeImagesText.size(of: Self.images) == 115 << 20)
        #expect(NodeImagesText.reclaimed([Self.images[1]], of: Self.images) == 5 << 20)
        #expect(NodeImagesText.reclaimed(Self.images, of: Self.images) == 115 << 20)
        let list = words(NodeImagesText.list(Self.images))
        #expect(list.contains("No container uses 1 of them: D p removes those and frees 5.0 MiB"), "\(list)")
        let one = words(NodeImagesText.image(Self.images[0], of: Self.images, context: "kdash"))
        for part in ["ADD rootfs", "1 image", "not said", "default/", "web-1", "container app", "10 MiB"] { #expect(one.contains(part), "\(one)") }
    }

    @Test func `removing unused images names them and what comes free, and sends those that were shown`() async throws {
        try await Fixture.with { fixture in
            func value(_ image: NodeImage) -> JSONValue {
                [
                    "id": .string(image.id), "names": .array(image.names.map { .string($0) }), "loadedAt": "2026-03-01T09:00:00Z",
                    "containers": .array(image.containers.map { .string($0) }),
                    "layers": .array(
                        image.layers.map {
                            ["chain": .string($0.chain), "digest": .string($0.digest), "size": .integer($0.size.value), "command": .string($0.command)]
                        }),
                ]
            }
            fixture.server.answer("/kdash/v1/images/layers", ["images": .array(Self.images.map(value))])
            fixture.run("images.list")
            try await fixture.until("they are listed") { words(fixture).contains("app:1") }
            fixture.run("images.prune")
            let dialog = try #require(fixture.dialog)
            let body = dialog.body.map { $0.map(\.text).joined() }.joined(separator: "\n")
            #expect(body.contains("app:1") && !body.contains("app:2") && body.contains("5.0 MiB come free"), "\(body)")
            dialog.choose("yes")
            try await fixture.until("it is sent") { !fixture.server.writes.isEmpty }
            #expect(fixture.server.writes.first?.queryValues("id") == ["sha256:b"])
            fixture.app.detail?.select(value: "sha256:a")
            fixture.run("images.remove")
            #expect(fixture.app.toasts.contains { $0.text.contains("app:2 is used by default/web-1/app") })
        }
    }

    private static let pod = """
        apiVersion: v1
        kind: Pod
        metadata: {name: web-1, namespace: default, uid: u}
        spec:
          initContainers: [{name: prepare, image: "busybox:1"}, {name: proxy, image: "proxy:1", restartPolicy: Always}]
          containers:
          - {name: app, image: "app:2", ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}], livenessProbe: {}, readinessProbe: {}}
          ephemeralContainers: [{name: debug-1, image: "busybox:1"}]
        status:
          initContainerStatuses: [{name: prepare, ready: true, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed}}}]
          containerStatuses:
          - {name: app, ready: false, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff, message: back-off 40s}}, lastState: {terminated: {exitCode: 7}}}
        """

    @Test func `containers are listed with what kind they are and how they stand`() throws {
        let pod = Pod(KubeObject(try YAML.parseSingle(Self.pod).value))
        let text = ContainersText.list(pod, usage: ["app": .init(cpu: 12.4, memory: 3_145_728)], now: Timestamp(rfc3339: "2026-03-01T10:00:00Z")!)
        let all = words(text)
        #expect(text.links.sorted { $0.key < $1.key }.map { $0.value.value } == ["prepare", "proxy", "app", "debug-1"])
        for part in [
            "init", "sidecar", "main", "debug", "80,53/UDP", "live,ready", "12m", "3.0 MiB", "waiting: CrashLoopBackOff", "app: back-off 40s", "exit 7",
        ] {
            #expect(all.contains(part), "\(part): \(all)")
        }
        #expect(ContainersText.state("prepare", pod) == "exit 0 (Completed)" && ContainersText.state("proxy", pod) == "not started")
    }

    @Test func `a line of the list of containers is what plugins for containers act on`() async throws {
        try await Fixture.with { fixture in
            fixture.session.perform(.containers, on: [fixture.app.chosenBindings.first ?? binding])
            try await fixture.until("it is listed") { fixture.app.detail?.kind == .containers && fixture.app.detail?.selectedLink != nil }
            let selected = try #require(fixture.app.selectedBinding)
            #expect(selected.kind == "Container" && selected.resource?.resource == "containers")
            let variables = PluginVariables(fixture.app, selected, inputs: [:]).values
            #expect(variables["POD"] == "web-1" && variables["CONTAINER"] == selected.name && variables["NAMESPACE"] == "default")
        }
    }
}

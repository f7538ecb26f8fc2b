import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import TerminalUI
@testable import ViewModels

/// Containers, their files and processes, and images, as they look.
@MainActor @Suite struct ContainerGoldenTests {
    private static let pod = """
        apiVersion: v1
        kind: Pod
        metadata: {name: web-1, namespace: default, uid: u}
        spec:
          initContainers: [{name: prepare, image: "kdash.dev/demo:1"}, {name: proxy, image: "proxy:1", restartPolicy: Always}]
          containers:
          - {name: app, image: "kdash.dev/demo:2", ports: [{containerPort: 8080}], livenessProbe: {}, readinessProbe: {}}
        status:
          initContainerStatuses:
          - {name: prepare, ready: true, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed}}}
          - {name: proxy, ready: true, restartCount: 0, state: {running: {startedAt: "2026-03-01T09:00:00Z"}}}
          containerStatuses:
          - {name: app, ready: false, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff, message: back-off 40s restarting failed container}}}
        """

    private func show(_ title: String, _ kind: DetailKind, _ text: DetailText, _ hints: [(id: String, title: String)]) -> AppModel {
        let app = FakeCluster.app()
        let model = DetailModel(title: title, kind: kind, binding: nil)
        for action in [DetailAction.logs, .shell, .files, .processes, .up, .edit, .copyOut, .copyIn, .order, .signal, .remove, .prune] {
            model.actions[action] = {}
        }
        model.onOpen = { _ in }
        model.hints = hints
        model.show(text)
        app.detail = model
        return app
    }

    @Test(arguments: [(60, 15), (80, 24), (120, 40), (200, 50)])
    func `containers at every size`(size: (Int, Int)) throws {
        let pod = Pod(KubeObject(try YAML.parseSingle(Self.pod).value))
        let text = ContainersText.list(pod, usage: ["proxy": .init(cpu: 12, memory: 9_437_184)], now: FakeCluster.now)
        let app = show("Containers", .containers, text, [("containers.logs", "logs"), ("containers.shell", "shell"), ("containers.files", "files")])
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "containers-\(size.0)x\(size.1)")
    }

    private static func file(_ name: String, _ kind: ContainerFile.Kind, _ size: Int64, _ mode: Int64, link: String? = nil) -> ContainerFile {
        ContainerFile(
            name: FilePath(name)!, kind: kind, size: ByteCount(size), mode: mode, owner: 0, group: 0, modified: Timestamp(rfc3339: "2026-03-01T09:00:00Z")!,
            link: link.flatMap { FilePath($0) }, version: "1")
    }

    @Test(arguments: [ColorDepth.truecolor, .mono])
    func `files of a container, with names that would drive a terminal`(depth: ColorDepth) {
        let listing = ContainerListing(
            files: [
                Self.file("conf.d", .directory, 4096, 0o755), Self.file("nginx.conf", .file, 2134, 0o644), Self.file("start", .file, 12 << 20, 0o755),
                Self.file("current", .link, 8, 0o777, link: "/srv/www"), Self.file("queue", .pipe, 0, 0o600), Self.file("\\x1b[31mred\\x0a", .file, 0, 0o600),
                Self.file("文件", .file, 99, 0o600),
            ], isCut: false, isRunning: true)
        let app = show(
            "Files of web-1/app", .files, ContainerFilesText.list(listing, at: FilePath("/etc/nginx")!),
            [("detail.open", "open"), ("files.up", "up"), ("files.edit", "edit"), ("files.copyOut", "copy to here")])
        GoldenScreen.check(FakeCluster.screen(app, depth: depth).render(width: 80, height: 24).surface, "container-files-80x24-\(depth.rawValue)")
    }

    @Test func `processes of a container`() {
        func process(_ pid: Int32, _ user: String, _ state: String, _ command: String, _ cpu: Int64, _ memory: Int64) -> ContainerProcess {
            ContainerProcess(
                pid: pid, parent: pid == 1 ? 0 : 1, user: user, state: state, cpuMilliseconds: cpu, resident: ByteCount(memory), threads: 2,
                startedAt: Timestamp(rfc3339: "2026-03-01T09:00:00Z")!, startedTicks: 1, command: command)
        }
        let before = [process(1, "root", "S", "nginx: master process", 900, 6 << 20), process(29, "www-data", "R", "nginx: worker process", 61_000, 14 << 20)]
        let now = [
            process(1, "root", "S", "nginx: master process", 900, 6 << 20), process(29, "www-data", "R", "nginx: worker process", 62_500, 14 << 20),
            process(77, "root", "Z", "[sh]", 10, 0),
        ]
        let text = ContainerProcessesText.processes(
            ContainerProcesses(processes: now, isCut: false), earlier: (ContainerProcesses(processes: before, isCut: false), .seconds(2)), order: .cpu,
            now: FakeCluster.now)
        let app = show("Processes of web-1/app", .processes, text, [("processes.order", "order"), ("processes.signal", "send a signal")])
        GoldenScreen.check(FakeCluster.screen(app).render(width: 120, height: 40).surface, "container-processes-120x40")
    }

    @Test(arguments: [(80, 24), (120, 40)])
    func `images of the nodes`(size: (Int, Int)) {
        let base = NodeImage.Layer(chain: "c1", digest: "sha256:9f1c", size: ByteCount(74 << 20), command: "ADD rootfs.tar /")
        let images = [
            NodeImage(
                id: "sha256:a", names: ["docker.io/library/nginx:1.29"], loadedAt: FakeCluster.now,
                layers: [base, .init(chain: "c2", digest: "sha256:2", size: ByteCount(12 << 20), command: "RUN apt-get install nginx")],
                containers: ["default/web-1/app"]),
            NodeImage(id: "sha256:b", names: ["docker.io/library/debian:13"], loadedAt: FakeCluster.now, layers: [base], containers: []),
            NodeImage(
                id: "sha256:c", names: ["kdash.dev/demo:1"], loadedAt: FakeCluster.now,
                layers: [.init(chain: "c9", digest: "sha256:9", size: ByteCount(1 << 20), command: "")], containers: ["default/log/app", "shop/log/app"]),
        ]
        let app = show(
            "Images", .images, NodeImagesText.list(images), [("detail.open", "layers"), ("images.remove", "remove"), ("images.prune", "remove the unused")])
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "images-\(size.0)x\(size.1)")
    }
}

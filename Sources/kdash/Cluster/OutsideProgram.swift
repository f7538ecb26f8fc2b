import Glibc
import KubeClient
import LinuxKernel
import Logging
import PodNetwork

/// What leads an ordinary user's node to the outside: slirp4netns or pasta, a process of the user's own that makes `NodeLink.outsideInterface`.
///
/// It outlives the daemon, as containers do. Which process it is is noted beside the supervisor's socket, with the time of its start, so that no
/// other process with its number is taken for it.
struct OutsideProgram: Sendable {
    /// Whether the node has a way out.
    enum State: Sendable, Hashable {
        case runs(String)
        case missing
        case failed(String)
    }

    /// What kdash knows how to start, the first that is there. They are led to the network and its owner as their standard input and output: other
    /// descriptors are closed by newer ones of them.
    private var known: [(name: String, arguments: [String])] {
        [
            (
                "slirp4netns",
                [
                    "--configure", "--cidr=\(place)", "--mtu=65520", "--disable-host-loopback", "--disable-dns", "--netns-type=path",
                    "--userns-path=/proc/self/fd/1", "/proc/self/fd/0", NodeLink.outsideInterface,
                ]
            ),
            (
                "pasta",
                [
                    "--foreground", "--quiet", "--no-netns-quit", "--config-net", "--ns-ifname", NodeLink.outsideInterface, "-t", "none", "-u", "none",
                    "-T", "none", "-U", "none", "--no-map-gw", "--userns", "/proc/self/fd/1", "--netns", "/proc/self/fd/0",
                ]
            ),
        ]
    }

    /// What slirp4netns may have as its own network: the first that is clear of the cluster's. Source: its default, and two that are rarely used.
    private static let networks = ["10.0.2.0/24", "172.31.254.0/24", "192.168.254.0/24"]
    private static let directories = ["/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin", "/sbin"]
    private static let noteName = "outside"
    private static let patience: Duration = .seconds(5)

    let network: NetworkNamespace
    let ranges: ClusterRanges
    let runDirectory: String
    let stateDirectory: String
    let time: any TimeSource
    let logger: Logger

    /// Finds the process that runs, or starts one, and waits until its interface is there.
    func ensure() async -> State {
        if let running = Self.noted(in: runDirectory), running.isAlive, hasInterface { return .runs(running.name) }
        Self.end(in: runDirectory)
        guard let (name, path, arguments) = find() else { return .missing }
        do {
            // One that nobody has noted, as its daemon was killed at that moment, ends with its interface.
            try NetlinkSocket.open(.route, in: network).send([RouteRequest.deleteLink(named: NodeLink.outsideInterface).tolerating(ENODEV)])
            let log = try FileDescriptor.open("\(stateDirectory)/\(name).log", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o600)
            let owner = try network.owner()
            let child = try ChildProcess.start(
                path, arguments: [name] + arguments, standardStreams: (network.raw, owner.raw, log.raw), newSession: true)
            let running = Running(name: name, pid: child.pid, start: ProcessLife.status(child.pid)?.startTicks ?? 0)
            do throws(SystemError) { try running.note(in: runDirectory) } catch {
                Self.end(running)
                throw error
            }
            let clock = ContinuousClock()
            let deadline = clock.now + Self.patience
            while clock.now < deadline {
                if !running.isAlive { break }
                if hasInterface { return .runs(name) }
                try await time.sleep(for: .milliseconds(10))
            }
            Self.end(in: runDirectory)
            // best effort: what it said is only told.
            let said = (try? FileSystem.readText("\(stateDirectory)/\(name).log").split(separator: "\n").last).map(String.init) ?? ""
            return .failed("\(name) made no network: \(said.isEmpty ? "it said nothing" : said)")
        } catch {
            return .failed("\(name) cannot be started: \(error)")
        }
    }

    private var place: String {
        Self.networks.first { text in
            IPv4Network(text).map { !$0.overlaps(ranges.podCIDR) && !$0.overlaps(ranges.serviceCIDR) } ?? false
        } ?? Self.networks[0]
    }

    /// Starts it anew whenever it has ended, until cancelled or until there is none to start: nothing is looked for at rest.
    func keep() async {
        var backoff = Backoff(first: .seconds(1), maximum: .seconds(60))
        while !Task.isCancelled {
            if let running = Self.noted(in: runDirectory), let process = try? ChildProcess.pidfd(of: running.pid), running.isAlive {
                await Self.waitForEnd(process)
                guard !Task.isCancelled else { return }
                Self.reap(running.pid)
                logger.warning("the node's way out has ended; starting it anew", metadata: ["program": "\(running.name)"])
            }
            switch await ensure() {
            case .runs: backoff.reset()
            case .missing: return
            case .failed(let reason): logger.warning("the node has no way out; trying again", metadata: ["reason": "\(reason)"])
            }
            do {
                try await time.sleep(for: backoff.next())
            } catch {
                return
            }
        }
    }
}

extension OutsideProgram {
    /// Ends the process that is noted in a node's directory, if it still is that process.
    static func end(in runDirectory: String) {
        guard let running = noted(in: runDirectory) else { return }
        end(running)
        try? FileSystem.removeFile("\(runDirectory)/\(noteName)")
    }

    private static func end(_ running: Running) {
        if let process = try? ChildProcess.pidfd(of: running.pid), running.isAlive {
            // best effort: a process that has ended meanwhile is what we want.
            try? ChildProcess.signal(SIGKILL, to: process)
            _ = try? pollReadable([process.raw], timeout: .seconds(2))
        }
        reap(running.pid)
    }

    /// One process, told from later ones with its number.
    private struct Running {
        let name: String
        let pid: Int32
        let start: UInt64

        var isAlive: Bool { ProcessLife.isAlive(pid, startTicks: start) }

        func note(in directory: String) throws(SystemError) {
            try FileSystem.writeAtomically("\(directory)/\(noteName)", Array("\(pid) \(start) \(name)\n".utf8), mode: 0o600)
        }
    }

    private static func noted(in directory: String) -> Running? {
        guard let text = try? FileSystem.readText("\(directory)/\(noteName)") else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 3, let pid = Int32(words[0]), pid > 1, let start = UInt64(words[1]) else { return nil }
        return Running(name: words[2], pid: pid, start: start)
    }

    private func find() -> (name: String, path: String, arguments: [String])? {
        for (name, arguments) in known {
            for path in Self.directories.map({ "\($0)/\(name)" }) where access(path, X_OK) == 0 { return (name, path, arguments) }
        }
        return nil
    }

    /// The interface is there and leads on.
    private var hasInterface: Bool {
        guard let socket = try? NetlinkSocket.open(.route, in: network), let links = try? socket.links(), let routes = try? socket.routes(),
            let link = links.first(where: { $0.name == NodeLink.outsideInterface })
        else { return false }
        return routes.contains { $0.destination.prefixLength == 0 && $0.interface == link.index }
    }

    /// A child of this daemon is a zombie until somebody asks; one of an earlier daemon is not ours.
    private static func reap(_ pid: Int32) {
        var status: CInt = 0
        _ = waitpid(pid, &status, WNOHANG)
    }

    private static func waitForEnd(_ process: consuming FileDescriptor) async {
        guard let wake = try? EventFD() else { return }
        let raw = process.raw
        await withTaskCancellationHandler {
            await KernelThread.run("kdash-outside") {
                while let seen = try? pollReadable([raw, wake.raw]), !seen.contains(true) {}
            }
        } onCancel: {
            wake.signal()
        }
        withExtendedLifetime(process) {}
    }
}

import APIMachinery
import APIServer
import ContainerImages
import ContainerRuntime
import JSONCore
import KubeClient
import LinuxKernel
import Logging
import NodeAgent
import PodNetwork
import Synchronization

extension ControlPlane {
    /// What the control plane knows of the cluster's nodes, by name.
    struct KnownNodes {
        var launched: [String: LaunchedNode] = [:]
        var agents: [String: NodeAgent] = [:]
        /// What the network of the nodes that have one is asked through.
        var networks: [String: NetworkEndpoints.Place] = [:]
        /// Why an agent ended.
        var failures: [String: String] = [:]
        /// Pods get their address of the API server once some node has a link.
        var hasServiceListener = false
        var isStopping = false
    }

    var agents: [NodeAgent] { known.withLock { Array($0.agents.values) } }

    /// The nodes as they are now, in the order of their names.
    var launchedNodes: [LaunchedNode] { known.withLock { $0.launched.values.sorted { $0.identity.index < $1.identity.index } } }

    /// Runs a node until cancelled. When its supervisor dies, and every container with it as if the machine had been reset, it is started anew with
    /// everything that holds on to it: what the store and the pods' statuses say is what the new one goes by. `ready` is called once, also
    /// when the node cannot run.
    func keep(_ first: LaunchedNode, _ launcher: NodeLauncher, ready: @escaping @Sendable () -> Void) async {
        var node = first
        let readiness = Countdown(1, ready)
        while await run(node, ready: { readiness.step() }) {
            logger.warning("starting the node anew", metadata: ["node": "\(node.identity.name)"])
            await node.end()
            launcher.shares.leave(node: node.identity.name)
            do {
                // A node that cannot live must not keep the machine busy.
                try await time.sleep(for: .seconds(1))
            } catch {
                return
            }
            guard known.withLock({ !$0.isStopping }) else { return }
            node = await launcher.launch()
        }
    }

    /// Runs a node until cancelled, or until its supervisor died; true when it did.
    private func run(_ node: LaunchedNode, ready: @escaping @Sendable () -> Void) async -> Bool {
        known.withLock { $0.launched[node.identity.name] = node }
        let (deaths, death) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return await withDiscardingTaskGroup { group in
            group.addTask { await self.runServices(node) }
            group.addTask { await node.outside?.keep() }
            group.addTask { await self.listenWithin(node) }
            group.addTask { await self.runAgent(node, ready: ready) { death.yield() } }
            var isDead = false
            for await _ in deaths {
                isDead = true
                break
            }
            group.cancelAll()
            return isDead
        }
    }

    /// Runs the node's agent until cancelled.
    private func runAgent(_ node: LaunchedNode, ready: @escaping @Sendable () -> Void, nodeEnded: @escaping @Sendable () -> Void) async {
        let name = node.identity.name
        var logger = logger
        if node.identity.count > 1 { logger[metadataKey: "node"] = "\(name)" }
        known.withLock { $0.failures[name] = nil }
        guard let supervisor = node.supervisor else {
            await registerUnready(node, node.reason ?? "")
            ready()
            return
        }
        defer {
            nodes.unregister(name)
            known.withLock { known in
                known.agents[name] = nil
                known.networks[name] = nil
            }
        }
        do {
            let enclosure = node.network?.enclosure
            nodes.reach(through: enclosure)
            if node.link != nil, enclosure == nil { try await awaitListener(node, ready: ready) }
            let agent = try NodeAgent(
                configuration: .init(
                    nodeName: name, paths: node.identity.paths, capacity: node.identity.capacity,
                    hostIP: node.link?.nodeAddress.description ?? "127.0.0.1", podRange: node.link?.podCIDR.description ?? "",
                    serviceAddress: serviceAddress,
                    dnsAddress: node.link?.ranges.dnsAddress.description, version: Version.number, logMaximumSize: settings.logMaximumSize,
                    logMaximumFiles: settings.logMaximumFiles, deletedLogBudget: settings.deletedLogBudget, podProcessLimit: settings.podProcessLimit,
                    pressureThresholds: .init(memory: settings.evictionMemory, disk: settings.evictionDisk, processes: settings.evictionProcesses),
                    // The nodes have one store of images, and the first looks after it.
                    imageGarbage: .init(high: node.identity.index == 0 ? settings.imageGarbageHigh : 100, low: settings.imageGarbageLow),
                    userBlock: node.identity.userBlock),
                client: client(.node(name)), runtime: supervisor, images: images, cgroups: node.cgroups, network: node.network,
                time: time, logger: logger,
                imageUsers: { [images, nodes] in
                    Set(await ImageEndpoints(images: images, nodes: nodes, imagesChanged: {}).users().keys.compactMap { Digest($0) })
                })
            guard known.withLock({ $0.take(agent, name) }) else { return ready() }
            nodes.register(name, agent)
            let policies = enforcePolicies(on: node)
            async let _ = policies?.run()
            try await agent.run(ready: ready, nodeEnded: nodeEnded)
        } catch is CancellationError {
            ready()
        } catch {
            logger.error("the node's agent ended", metadata: ["node": "\(name)", "error": "\(error)"])
            if await supervisor.hasEnded(within: .seconds(2)) { return nodeEnded() }
            known.withLock { $0.failures[name] = "\(error)" }
            ready()
        }
    }

    /// Returns once the API listens for pods, in a network of the node's own where it has one. Tries again while something else has its place, and tells
    /// `waits` why.
    private func awaitListener(in network: NetworkNamespace?, waits: (String) async -> Void) async throws {
        var backoff = Backoff(first: .seconds(1), maximum: .seconds(30))
        while true {
            do {
                return try await listenForPods(in: network)
            } catch {
                let reason = "the API cannot listen at \(serviceAddress):443, where pods look for it; trying again: \(error)"
                logger.error("the node waits", metadata: ["error": "\(reason)"])
                await waits(reason)
            }
            try await time.sleep(for: backoff.next())
        }
    }

    /// Returns once the API listens at an address of the machine. Until then the node is not ready and says why, and the start of the cluster goes on.
    private func awaitListener(_ node: LaunchedNode, ready: @escaping @Sendable () -> Void) async throws {
        let name = node.identity.name
        try await awaitListener(in: nil) { reason in
            known.withLock { $0.failures[name] = reason }
            await registerUnready(node, reason)
            ready()
        }
        known.withLock { $0.failures[name] = nil }
    }

    /// Has the API listen in a network that is the node's own, while the node goes on: a pod of the node's may have the place, which only its agent can end.
    private func listenWithin(_ node: LaunchedNode) async {
        guard let network = node.network?.enclosure else { return }
        // Ends when the node does.
        try? await awaitListener(in: network) { _ in }
    }

    /// Has the API listen at the first service address, which is the host's as soon as one node has a link, or in `network` the node's own.
    private func listenForPods(in network: NetworkNamespace?) async throws {
        let isFirst = known.withLock { known in
            defer { known.hasServiceListener = true }
            return !known.hasServiceListener
        }
        // A node that started anew has a new network.
        guard isFirst || network != nil else { return }
        do {
            _ = try await server.add(.init(address: serviceAddress, port: 443), in: network)
        } catch {
            known.withLock { $0.hasServiceListener = false }
            throw error
        }
    }

    private var serviceAddress: String { instance.ranges?.apiAddress.description ?? "10.96.0.1" }

    private func registerUnready(_ node: LaunchedNode, _ reason: String) async {
        let name = node.identity.name
        let registration = NodeAgent.registration(
            name: name, reason: reason, version: Version.number, client: client(.node(name)), time: time, logger: logger)
        do throws(APIStatus) {
            try await registration.register()
        } catch {
            logger.error("the node could not be registered", metadata: ["node": "\(name)", "error": "\(error.message)"])
        }
    }

    /// Ends all pods within their grace periods; their objects stay. No node starts anew from now on.
    func stopPods() async {
        let agents = known.withLock { known in
            known.isStopping = true
            return Array(known.agents.values)
        }
        await withDiscardingTaskGroup { group in
            for agent in agents { group.addTask { await agent.shutdown(grace: Self.shutdownGrace) } }
        }
    }

    // MARK: Status

    func status() async -> JSONValue {
        let known = known.withLock { $0 }
        let launched = known.launched.values.sorted { $0.identity.index < $1.identity.index }
        let nodes = launched.map { node -> JSONValue in
            let reason = known.failures[node.identity.name] ?? node.reason
            return ["name": .string(node.identity.name), "ready": .bool(reason == nil), "reason": .string(reason ?? "")]
        }
        let notes = LaunchedNode.notes(launched) + launched.flatMap { known.agents[$0.identity.name]?.problems ?? [] }
        return [
            "state": "running", "server": .string(credentials.server), "kubeconfig": .string(options.directory.kubeconfig),
            "dataDirectory": .string(options.directory.path), "id": .string(instance.id), "version": .string(Version.number),
            "nodes": .array(nodes), "notes": .array(notes.map { .string($0) }), "simulatedNodes": simulation,
        ]
    }
}

extension ControlPlane.KnownNodes {
    /// False when the cluster is being stopped: then no agent begins.
    fileprivate mutating func take(_ agent: NodeAgent, _ name: String) -> Bool {
        if isStopping { return false }
        agents[name] = agent
        return true
    }
}

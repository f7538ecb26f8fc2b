import APIMachinery
import ClusterOperations
import KubeClient
import LinuxKernel

/// What the network of kdash's own cluster carries and refuses.
extension ClusterSession {
    /// Lines of a capture that stay on the screen.
    private static let maximumPackets = 1000

    private func refusesNetwork() -> Bool {
        if app.context.isEmbedded { return false }
        app.toast("only the network of kdash's own cluster tells that", .warning)
        return true
    }

    func showConnections(_ binding: ObjectBinding) {
        guard !refusesNetwork() else { return }
        let namespace = binding.namespace ?? ""
        let scope: KubeClient.NetworkScope
        let place: String
        switch binding.builtinKind {
        case "Pod": (scope, place) = (.pod(namespace: namespace, name: binding.name), "\(namespace)/\(binding.name)")
        case "Service": (scope, place) = (.service(namespace: namespace, name: binding.name), "service \(namespace)/\(binding.name)")
        default: (scope, place) = (.namespace(binding.name), "namespace \(binding.name)")
        }
        let pod = binding.builtinKind == "Pod" ? place : nil
        let model = DetailModel(title: "Connections of \(place)", kind: .connections, binding: binding)
        model.lines = [[TextSpan("reading the node's tables", .pending)]]
        var (order, filter, last) = (ConnectionOrder.denied, "", NetworkConnections?.none)
        let draw = { [weak self, weak model] in
            guard let self, let model, let last else { return }
            model.show(NetworkText.connections(last, of: pod, order: order, filter: filter))
            app.signal.touch()
        }
        model.actions[.order] = {
            order = order.next
            draw()
        }
        model.actions[.narrow] = { [weak self] in
            self?.askNarrow(filter) {
                filter = $0
                draw()
            }
        }
        if binding.builtinKind != "Service" { model.actions[.names] = { [weak self] in self?.showNames(binding, scope, place) } }
        if pod != nil { model.actions[.capture] = { [weak self] in self?.showCapture(binding) } }
        show(model)
        model.isReading = false
        model.hints =
            [("network.narrow", "narrow"), ("processes.order", "order"), ("network.names", "names")] + (pod == nil ? [] : [("network.capture", "capture")])
        model.hints.append(("detail.copy", "copy the address"))
        keepReading(model) { client throws(APIStatus) in
            try await client.connections(scope)
        } show: { found in
            last = found
            draw()
        }
    }

    private func showNames(_ binding: ObjectBinding, _ scope: KubeClient.NetworkScope, _ place: String) {
        let model = DetailModel(title: "Names asked by \(place)", kind: .names, binding: binding)
        model.lines = [[TextSpan("reading", .pending)]]
        var (filter, last) = ("", [NameQuestion]?.none)
        let draw = { [weak self, weak model] in
            guard let self, let model, let last else { return }
            model.show(NameText.make(last, hasClients: binding.builtinKind != "Pod", filter: filter, now: time.now()))
            app.signal.touch()
        }
        model.actions[.narrow] = { [weak self] in
            self?.askNarrow(filter) {
                filter = $0
                draw()
            }
        }
        show(model)
        model.isReading = false
        model.hints = [("network.narrow", "narrow"), ("detail.copy", "copy the name")]
        keepReading(model) { client throws(APIStatus) in
            try await client.names(scope)
        } show: { found in
            last = found
            draw()
        }
    }

    private func askNarrow(_ filter: String, _ change: @escaping (String) -> Void) {
        app.openPrompt(.line, "only lines with", filter, change, change, { change(filter) })
    }

    // MARK: - Packets

    func showCapture(_ binding: ObjectBinding) {
        guard !refusesNetwork(), let client = cluster?.client else { return }
        let namespace = binding.namespace ?? ""
        let model = DetailModel(title: "Packets of \(namespace)/\(binding.name)", kind: .packets, binding: binding)
        model.lines = [[TextSpan("beginning", .pending)]]
        var (filter, standing) = ("", PacketText.Standing())
        var packets: [(number: Int, packet: PacketStream.Packet)] = []
        let draw = { [weak self, weak model] in
            guard let self, let model else { return }
            let isAtEnd = model.stops.isEmpty || model.selectedIndex == model.stops.count - 1
            model.show(PacketText.make(packets, standing, filter: filter))
            if isAtEnd { model.moveSelection(by: model.stops.count) }
            app.signal.touch()
        }
        let end = { [weak self, weak model] (reason: String) in
            guard standing.ending == nil else { return }
            standing.ending = reason
            model?.onStop = nil
            self?.tasks.cancel(.detail)
            draw()
        }
        model.onStop = { end("stopped") }
        model.onClose = { [weak self] in self?.tasks.cancel(.detail) }
        model.actions[.narrow] = { [weak self] in
            self?.askNarrow(filter) {
                filter = $0
                draw()
            }
        }
        show(model)
        model.isReading = false
        model.hints = [("detail.stop", "stop"), ("network.narrow", "narrow"), ("detail.copy", "copy the line")]
        let (directory, name) = ("\(stateDirectory)/captures", captureName(namespace, binding.name))
        tasks.run(.detail) { [weak self, weak model] in
            var ending = "the server ended it: a capture holds 64 MiB"
            do throws(APIStatus) {
                let recorder = try await Self.record(client, namespace, binding.name, in: directory, as: name)
                standing.path = recorder.path
                draw()
                while let more = try await recorder.next() {
                    guard let self, let model, !Task.isCancelled, app.detail === model else { break }
                    packets += more.enumerated().map { (standing.count + $0.offset + 1, $0.element) }
                    standing.count += more.count
                    standing.bytes = await recorder.written
                    if packets.count > Self.maximumPackets { packets.removeFirst(packets.count - Self.maximumPackets) }
                    draw()
                }
                // What covers the text ends the capture, too: nothing runs that nobody sees.
                if Task.isCancelled { ending = "stopped" }
            } catch {
                ending = error.message
            }
            end(ending)
        }
    }

    private func captureName(_ namespace: String, _ pod: String) -> String {
        let stamp = time.now().rfc3339.filter { $0 != ":" && $0 != "-" }
        return "\(namespace)-\(pod)-\(stamp)-\(SecureRandom.hex(4)).pcap"
    }

    private static func record(
        _ client: KubeClient, _ namespace: String, _ pod: String, in directory: String, as name: String
    ) async throws(APIStatus) -> PacketRecorder {
        let source = try await client.capture(namespace: namespace, pod: pod)
        do throws(SystemError) {
            try FileSystem.makeDirectories(directory, mode: 0o700)
            return try PacketRecorder(source, path: "\(directory)/\(name)")
        } catch {
            source.cancel()
            throw .internalError("the capture's file cannot be made: \(error)")
        }
    }
}

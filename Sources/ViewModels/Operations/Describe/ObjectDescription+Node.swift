import APIMachinery
import ClusterOperations
import JSONCore
import KubeSchemas
import LinuxKernel

extension ObjectDescription {
    mutating func writeNode() {
        let node = Node(object)
        let info = node.status.nodeInfo
        text.fact("status", node.isReady ? "ready" : "not ready", node.isReady ? .ok : .error)
        if node.spec.unschedulable { text.fact("cordoned", "new pods stay away", .warning) }
        for (index, taint) in node.spec.taints.enumerated() {
            let value = taint.value["value"]?.stringValue ?? ""
            let text = "\(taint.value["key"]?.stringValue ?? "")\(value.isEmpty ? "" : "=\(value)"):\(taint.value["effect"]?.stringValue ?? "")"
            self.text.fact(index == 0 ? "taints" : "", [TextSpan(text, .warning)])
        }
        for (index, address) in node.status.addresses.enumerated() {
            text.fact(index == 0 ? "addresses" : "", [TextSpan(address.address), TextSpan("  \(address.type)", .dim)])
        }
        text.fact("pod range", node.spec.podCIDR)
        text.fact("agent", info.text("kubeletVersion") ?? "")
        text.fact("runtime", info.text("containerRuntimeVersion") ?? "")
        text.fact("system", [info.text("osImage"), info.text("kernelVersion"), info.text("architecture")].compactMap(\.self).joined(separator: ", "))
        writeAllocation(node)
        text.pods(related(.pods), now: now)
        writeImages()
    }

    /// What its pods ask for, of what it gives.
    private mutating func writeAllocation(_ node: Node) {
        let pods = related(.pods).map { Pod($0) }.filter { !$0.isTerminated }
        let resources = pods.map { PodResources($0.spec) }
        var requests: [String: Quantity] = ["pods": Quantity(value: Int64(pods.count))]
        var limits: [String: Quantity] = [:]
        for pod in resources {
            for (name, amount) in pod.requests { requests[name] = (requests[name] ?? .zero) + amount }
            for (name, amount) in pod.limits { limits[name] = (limits[name] ?? .zero) + amount }
        }
        text.heading("Allocated", [TextSpan("  asked for, limits, of what pods may use", .dim)])
        for (name, whole) in node.status.allocatable.sorted(by: { $0.key < $1.key }) where !whole.isZero {
            let asked = requests[name] ?? .zero
            let share = Self.share(asked, of: whole)
            var spans = [
                TextSpan(Self.amount(asked)), TextSpan(" (\(share)%)", share >= 90 ? .warning : .dim),
                TextSpan(" of \(Self.amount(whole))", .dim),
            ]
            if let limit = limits[name], !limit.isZero { spans.append(TextSpan(", limits \(Self.amount(limit)) (\(Self.share(limit, of: whole))%)", .dim)) }
            text.fact(name, spans, width: 20)
        }
    }

    private static func share(_ part: Quantity, of whole: Quantity) -> Int {
        let (part, whole) = (Double(part.milliValue), Double(whole.milliValue))
        return whole <= 0 ? 0 : Int(min(999, (100 * part / whole).rounded()))
    }

    /// Bytes by the thousand in binary units, other amounts as they are.
    private static func amount(_ quantity: Quantity) -> String {
        let value = quantity.value
        for (size, unit) in [(Int64(1) << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi")] where value >= size {
            let tenths = value / (size / 10)
            return "\(tenths / 10)\(tenths % 10 == 0 ? "" : ".\(tenths % 10)")\(unit)"
        }
        return quantity.canonical
    }

    private mutating func writeImages() {
        let images = object.array("status", "images")
        guard !images.isEmpty else { return }
        text.heading("Images", [TextSpan("  \(images.count)", .dim)])
        for image in images.prefix(50) {
            let name = (image["names"]?.arrayValue ?? []).compactMap(\.stringValue).max { $0.count < $1.count && !$1.contains("@") } ?? ""
            text.line([TextSpan(name), TextSpan("  \(Self.amount(Quantity(value: image["sizeBytes"]?.integerValue ?? 0)))", .dim)])
        }
    }

    mutating func writeNamespace() {
        let phase = object.string("status", "phase") ?? ""
        text.fact("status", phase, phase == "Active" ? .ok : .warning)
        for quota in related(.quotas) {
            text.heading("Quota", [TextSpan(" \(quota.name)")])
            text.link("ResourceQuota", quota.name, namespace: quota.namespace, uid: quota.uid)
            let used = ObjectPart(quota["status"] ?? .null).quantities("used")
            for (name, hard) in ObjectPart(quota["status"] ?? .null).quantities("hard").sorted(by: { $0.key < $1.key }) {
                let taken = used[name] ?? .zero
                text.fact(name, [TextSpan("\(Self.amount(taken)) of \(Self.amount(hard))", taken >= hard ? .warning : .normal)], width: 28)
            }
        }
        for range in related(.limitRanges) {
            text.fields("Limits of \(range.name)", range["spec", "limits"])
        }
    }

    mutating func writeEvent() {
        let event = Event(object)
        let about = event.involvedObject
        text.fact("about", "\(about.kind) \(about.name)")
        text.link(about.kind, about.name, namespace: about.namespace.isEmpty ? nil : about.namespace, uid: about.uid)
        text.fact("reason", event.reason, event.type == "Warning" ? .warning : .normal)
        text.fact("message", event.message)
        text.fact("count", "\(event.count)")
        text.fact("last seen", event.lastSeen.map { "\(HumanDuration.text(now - $0)) ago" } ?? "")
        text.fact("told by", event.component)
    }
}

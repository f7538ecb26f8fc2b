import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// How the objects of one kind stand.
struct Pulse: Sendable {
    /// How one object stands.
    enum Health: Int, Sendable { case failing, warning, fine }

    /// One object with its health.
    struct Member: Sendable {
        var namespace: String?
        var name: String
        var uid: String
        var health: Health
        /// Why it is not fine, in a few words.
        var text: String
    }

    var kind: String
    var resource: GroupVersionResource
    /// The objects, failing ones first.
    var members: [Member]
    /// Whether there are more than were read.
    var isCut = false

    func count(_ health: Health) -> Int { members.count { $0.health == health } }

    init(_ kind: String, _ resource: GroupVersionResource, _ objects: [KubeObject], isCut: Bool = false) {
        self.kind = kind
        self.resource = resource
        self.isCut = isCut
        members = objects.map { object in
            let (health, text) = Self.health(object, kind)
            return Member(namespace: object.namespace, name: object.name, uid: object.uid, health: health, text: text)
        }.sorted(by: Self.isBefore)
    }

    /// The pods of a table, of one namespace when it is given.
    init(pods: PackedRows, namespace: String?) {
        (kind, resource) = ("Pod", Pod.resource)
        members = pods.rows.filter { namespace == nil || $0.namespace == namespace }.compactMap { PodRow($0) }.map { row in
            let (health, text) = Self.health(row)
            return Member(namespace: row.namespace, name: row.name, uid: row.uid, health: health, text: text)
        }.sorted(by: Self.isBefore)
    }

    private static func isBefore(_ a: Member, _ b: Member) -> Bool {
        (a.health.rawValue, a.namespace ?? "", a.name) < (b.health.rawValue, b.namespace ?? "", b.name)
    }

    private static func health(_ row: PodRow) -> (Health, String) {
        switch row.tone {
        case .error: (.failing, row.status)
        case .pending, .warning: (.warning, row.status)
        default: (row.tone == .done || row.readyCount == row.containerCount ? .fine : .warning, row.status)
        }
    }

    /// How an object stands, and what is wrong in a few words.
    static func health(_ object: KubeObject, _ kind: String) -> (Health, String) {
        func ready(_ ready: Int64, _ wanted: Int64) -> (Health, String) {
            ready >= wanted ? (.fine, "\(ready)/\(wanted) ready") : (ready == 0 ? .failing : .warning, "\(ready)/\(wanted) ready")
        }
        func condition(_ type: String) -> Condition? { WhyFacts.conditions(object)[type] }
        switch kind {
        case "Pod": return health(PodRow(Pod(object)))
        case "Deployment": return ready(object.integer("status", "availableReplicas") ?? 0, object.integer("spec", "replicas") ?? 1)
        case "StatefulSet": return ready(object.integer("status", "readyReplicas") ?? 0, object.integer("spec", "replicas") ?? 1)
        case "DaemonSet": return ready(object.integer("status", "numberReady") ?? 0, object.integer("status", "desiredNumberScheduled") ?? 0)
        case "Job":
            if let failed = condition("Failed"), failed.isTrue { return (.failing, failed.reason) }
            return (.fine, condition("Complete")?.isTrue == true ? "complete" : "running")
        case "CronJob": return object.bool("spec", "suspend") == true ? (.warning, "suspended") : (.fine, object.string("spec", "schedule") ?? "")
        case "Node":
            guard condition("Ready")?.isTrue == true else { return (.failing, "not ready") }
            if let pressure = WhyFacts.conditions(object).first(where: { $0.isTrue && $0.type.hasSuffix("Pressure") }) { return (.warning, pressure.type) }
            return object.bool("spec", "unschedulable") == true ? (.warning, "cordoned") : (.fine, "ready")
        case "PersistentVolumeClaim":
            let phase = object.string("status", "phase") ?? "Pending"
            return (phase == "Bound" ? .fine : phase == "Lost" ? .failing : .warning, phase)
        case "Namespace": return object.isBeingDeleted ? (.warning, "Terminating") : (.fine, "Active")
        default: return (.fine, "")
        }
    }
}

/// Reads how a cluster, or one namespace of it, stands.
struct PulseScan: Sendable {
    /// What one look found.
    struct Look: Sendable {
        var pulses: [Pulse] = []
        /// What all nodes can give to pods.
        var cpu: Double?
        var memory: Double?
        /// The warnings of the last hour.
        var warnings: [Event] = []
        var gaps: [String] = []
    }

    private static let limit = 1000
    private static let kinds: [(kind: String, group: String, plural: String, isNamespaced: Bool)] = [
        ("Deployment", "apps", "deployments", true), ("StatefulSet", "apps", "statefulsets", true), ("DaemonSet", "apps", "daemonsets", true),
        ("Job", "batch", "jobs", true), ("CronJob", "batch", "cronjobs", true), ("PersistentVolumeClaim", "", "persistentvolumeclaims", true),
        ("Namespace", "", "namespaces", false), ("Node", "", "nodes", false),
    ]

    let client: KubeClient
    let namespace: String?

    /// Looks once; kinds that the user may not read are left out and named. `pods`: those of the screen.
    @concurrent func look(_ pods: PackedRows) async -> Look {
        var look = Look()
        look.pulses.append(Pulse(pods: pods, namespace: namespace))
        for kind in Self.kinds where kind.isNamespaced || namespace == nil || kind.kind == "Node" {
            let resource = GroupVersionResource(group: kind.group, version: "v1", resource: kind.plural)
            do throws(APIStatus) {
                let list = try await client.list(resource, namespace: kind.isNamespaced ? namespace : nil, ListOptions(limit: Self.limit))
                look.pulses.append(Pulse(kind.kind, resource, list.items, isCut: list.continueToken != nil))
                guard kind.kind == "Node", !list.items.isEmpty else { continue }
                let room = list.items.map { Node($0).status.allocatable }
                look.cpu = room.reduce(0) { $0 + Double($1["cpu"]?.milliValue ?? 0) }
                look.memory = room.reduce(0) { $0 + Double($1["memory"]?.value ?? 0) }
            } catch {
                look.gaps.append("\(kind.plural): \(error.message)")
            }
        }
        do throws(APIStatus) {
            look.warnings = try await EventLookup(client: client, namespace: namespace).warnings()
        } catch {
            look.gaps.append("events: \(error.message)")
        }
        return look
    }
}

/// The dashboard as text and charts.
enum PulseText {
    /// The whole page; one stop a kind.
    static func page(
        _ look: PulseScan.Look, usage: [UsageHistory.Step], warnings: [Double?], gap: UsageGap? = nil, place: String
    ) -> (lines: [[TextSpan]], stops: [DetailStop], charts: [Int: ChartModel]) {
        var lines: [[TextSpan]] = [[TextSpan("  KIND                      ALL  FAILING  WARNING     FINE   \(place)", .dim)]]
        var stops: [DetailStop] = []
        for pulse in look.pulses {
            stops.append(DetailStop(line: lines.count, id: pulse.kind))
            lines.append(row(pulse))
        }
        for gap in look.gaps.prefix(3) { lines.append([TextSpan("not known: \(gap)", .warning)]) }
        var charts: [Int: ChartModel] = [:]
        func add(_ chart: ChartModel) {
            lines.append([])
            charts[lines.count] = chart
            lines.append([])
        }
        if usage.contains(where: { $0.samples > 0 }) {
            add(ChartModel(title: "CPU of all nodes", unit: .milliCPU, values: usage.cpu, step: UsageHistory.step, limit: look.cpu, height: 4))
            add(ChartModel(title: "Memory of all nodes", unit: .bytes, values: usage.memory, step: UsageHistory.step, limit: look.memory, height: 4))
        } else if let gap {
            lines.append([TextSpan(gap.sentence, .dim)])
        }
        add(ChartModel(title: "Warnings a minute", unit: .count, values: warnings, step: 60, height: 3))
        return (lines, stops, charts)
    }

    private static func row(_ pulse: Pulse) -> [TextSpan] {
        func number(_ health: Pulse.Health, _ tone: Tone) -> TextSpan {
            let count = pulse.count(health)
            return TextSpan(HistoryText.right("\(count)", 9), count == 0 ? .dim : tone)
        }
        let all = "\(pulse.members.count)\(pulse.isCut ? "+" : "")"
        return [
            TextSpan("  \(HistoryText.left(pulse.kind, 23))"), TextSpan(HistoryText.right(all, 6)), number(.failing, .error), number(.warning, .warning),
            number(.fine, .ok),
        ]
    }

    /// The objects of a kind, failing ones first; one stop an object.
    static func members(_ pulse: Pulse) -> (lines: [[TextSpan]], stops: [DetailStop]) {
        guard !pulse.members.isEmpty else { return ([[TextSpan("there is none", .dim)]], []) }
        var lines: [[TextSpan]] = []
        var stops: [DetailStop] = []
        for member in pulse.members {
            stops.append(DetailStop(line: lines.count, id: member.uid))
            let (word, tone): (String, Tone) =
                switch member.health {
                case .failing: ("failing", .error)
                case .warning: ("warning", .warning)
                case .fine: ("fine", .ok)
                }
            lines.append([
                TextSpan("  \(HistoryText.left(word, 9))", tone), TextSpan("\(member.namespace.map { "\($0)/" } ?? "")\(member.name)"),
                TextSpan(member.text.isEmpty ? "" : "  \(member.text)", .dim),
            ])
        }
        return (lines, stops)
    }

    /// How many warnings came in each minute of the last hour. An event that came often counts where it came last.
    static func warnings(_ events: [Event], now: Timestamp) -> [Double?] {
        var counts = [Double](repeating: 0, count: 60)
        for event in events where event.type == "Warning" {
            guard let at = event.lastSeen else { continue }
            let minutes = now.seconds / 60 - at.seconds / 60
            if minutes >= 0, minutes < 60 { counts[59 - Int(minutes)] += 1 }
        }
        return counts
    }
}

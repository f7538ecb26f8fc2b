import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel

/// How a server's table of a kind becomes columns and rows of ours.
struct ServerTableLayout: Sendable {
    private enum Source: Sendable {
        /// The object's name.
        case name
        /// The time since the object was made.
        case age
        /// The time since a moment in the object; the server's text where there is none.
        case moment([[String]])
        /// The server's text.
        case text(isWide: Bool)
        /// What is used of what a node can give of a resource; no column of the server's.
        case allocatable(String, Usage.Unit)
    }

    /// The columns, in the server's order.
    let columns: [TableColumn]
    private let sources: [(source: Source, place: Int)]

    /// The layout of a table of `kind`, by the columns that its server tells.
    init(_ columns: [ServerTable.Column], kind: ServedKind) {
        let moments = Self.moments[kind.id] ?? [:]
        var (ours, sources): ([TableColumn], [(Source, Int)]) = ([], [])
        var taken: Set<String> = []
        for (place, column) in columns.enumerated() {
            var id = column.name.lowercased()
            // Two columns of one name stay two columns.
            while !taken.insert(id).inserted { id += "'" }
            let isAge = id == "age"
            let source: Source =
                id == "name" ? .name : isAge ? .age : moments[id].map { .moment($0) } ?? .text(isWide: column.priority > 0)
            sources.append((source, place))
            ours.append(Self.column(column, id: id, place: place))
        }
        if Self.isMeasured(kind), !columns.isEmpty {
            // Before what is for wide screens alone.
            let place = columns.firstIndex { $0.priority > 0 } ?? columns.count
            for (id, unit) in [("memory", Usage.Unit.bytes), ("cpu", .milliCPU)] where taken.insert(id).inserted {
                ours.insert(
                    TableColumn(
                        id: id, title: id.uppercased(), minimumWidth: 16, maximumWidth: 20, priority: unit == .bytes ? 4 : 3), at: place)
                sources.insert((.allocatable(id, unit), -1), at: place)
            }
        }
        (self.columns, self.sources) = (ours, sources)
    }

    /// How much of each object its rows need.
    static func objects(_ kind: ServedKind) -> TableObjects { moments[kind.id] == nil && !isMeasured(kind) ? .metadata : .whole }

    /// Whether the use of its objects is told, and what they can give is in them.
    static func isMeasured(_ kind: ServedKind) -> Bool { kind.id == ServedKind.nodesID }

    /// The order that a table of a kind has at first: by name, and where something happened, what happened last.
    static func sort(_ kind: ServedKind) -> TableSort {
        TableSort(column: moments[kind.id]?["last seen"] == nil ? "name" : "last seen")
    }

    /// Texts of the server that would grow old: where the moment they count from stands in the object.
    private static let moments: [String: [String: [[String]]]] = [
        "events": [
            "last seen": [["series", "lastObservedTime"], ["lastTimestamp"], ["eventTime"], ["firstTimestamp"]],
            "first seen": [["firstTimestamp"], ["eventTime"]],
        ],
        "events.events.k8s.io": [
            "last seen": [["series", "lastObservedTime"], ["deprecatedLastTimestamp"], ["eventTime"], ["deprecatedFirstTimestamp"]],
            "first seen": [["deprecatedFirstTimestamp"], ["eventTime"]],
        ],
        "cronjobs.batch": ["last schedule": [["status", "lastScheduleTime"]]],
    ]

    private static func column(_ column: ServerTable.Column, id: String, place: Int) -> TableColumn {
        let title = column.name.uppercased()
        let isNumber = column.type == "integer" || column.type == "number"
        let isShort = isNumber || id == "age" || column.type == "date" || column.type == "boolean"
        let priority: Int =
            switch id {
            case "name": column.priority > 0 ? 30 + place : 0
            case "message", "last seen", "status", "phase", "ready": 1
            case "age", "object": 2
            case "type": 3
            case "reason": 4
            default: column.priority > 0 ? 40 + place : 5 + place
            }
        // A message may be cut; a part of any other cell says little, and would take the room of a whole one.
        // Of an event, what it says and of whom may be cut, too: otherwise there is no room for whether it is a warning.
        let least: Int? = ["message": 24, "object": 16, "reason": 8][id]
        return TableColumn(
            id: id, title: title, alignment: isNumber || id == "age" ? .right : .left, minimumWidth: least ?? min(title.count, 12),
            maximumWidth: id == "message" ? 160 : id == "name" ? 63 : isShort ? 16 : 48, priority: priority, isWhole: least == nil && priority > 0)
    }

    /// The row of a row. Runs wherever the table arrives, never on the main actor.
    func row(_ row: ServerTable.Row) -> ResourceRow {
        let object = row.object
        let created = object.creationTimestamp.map { Timestamp(seconds: $0.seconds) }
        var cells: [TableCell] = []
        cells.reserveCapacity(sources.count)
        for (position, (source, place)) in sources.enumerated() {
            let value = row.cells.indices.contains(place) ? row.cells[place] : .null
            switch source {
            case .name: cells.append(.text(object.name, .normal))
            case .age: cells.append(.age(created))
            case .moment(let paths):
                let moment = paths.lazy.compactMap { object.value.text(at: $0).flatMap { Timestamp(rfc3339: $0) } }.first
                cells.append(moment.map { .age(Timestamp(seconds: $0.seconds)) } ?? .text(Self.text(value), .dim))
            case .text(let isWide): cells.append(Self.cell(value, columns[position].id, isWide: isWide))
            case .allocatable(let resource, let unit):
                let amount = Quantity(decoded: object.value["status"]?["allocatable"]?[resource])
                cells.append(.usage(Usage(limit: unit == .bytes ? amount?.value : amount?.milliValue, unit: unit, showsWhole: true)))
            }
        }
        return ResourceRow(
            uid: object.uid, namespace: object.namespace ?? "", name: object.name, createdAt: created, isDeleting: object.isBeingDeleted,
            cells: cells)
    }

    private static func cell(_ value: JSONValue, _ column: String, isWide: Bool) -> TableCell {
        if case .integer(let number) = value { return .number(Int(clamping: number), isWide ? .dim : .normal) }
        let text = text(value)
        return .text(text, CellTone.tone(text, column: column) ?? (isWide ? .dim : .normal))
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .array(let items): items.map(text).joined(separator: ",")
        default: value.description
        }
    }
}

extension JSONValue {
    /// The text at a path of members.
    fileprivate func text(at path: [String]) -> String? {
        var value: JSONValue? = self
        for step in path { value = value?[step] }
        return value?.stringValue
    }
}

/// What words in tables mean, whatever the kind: custom resources get their health's colours, too.
enum CellTone {
    /// The tone of a text in a column; nil when it says nothing about health.
    static func tone(_ text: String, column: String) -> Tone? {
        switch column {
        case "status", "phase", "state", "health", "sync", "condition": return word(text)
        case "ready", "available", "established", "synced", "healthy", "completions", "desired", "up-to-date": return share(text) ?? truth(text)
        case "type": return text == "Warning" ? .warning : text == "Normal" ? .dim : nil
        case "reason", "restarts": return nil
        case "suspend": return text == "true" || text == "True" ? .pending : .dim
        default: return text == "<none>" || text == "<unset>" ? .dim : nil
        }
    }

    private static func word(_ text: String) -> Tone? {
        // `Ready,SchedulingDisabled`: the worst word decides.
        let tones = text.split(whereSeparator: { $0 == "," || $0 == " " }).compactMap { words[$0.lowercased()] }
        return [.error, .warning, .pending, .dim, .done, .ok].first(where: tones.contains)
    }

    private static let words: [String: Tone] = {
        let groups: [(Tone, String)] = [
            (.ok, "active available bound ready running healthy true established synced approved issued deployed online up"),
            (.done, "complete completed succeeded released"),
            (.pending, "pending progressing waiting creating provisioning containercreating podinitializing updating reconciling suspended unknown"),
            (.warning, "degraded schedulingdisabled lost notready outofsync warning stalled"),
            (.dim, "terminating deleting superseded uninstalled"),
            (.error, "failed error crashloopbackoff imagepullbackoff errimagepull evicted oomkilled denied invalid false unhealthy failedscheduling"),
        ]
        var words: [String: Tone] = [:]
        for (tone, list) in groups { for word in list.split(separator: " ") { words[String(word)] = tone } }
        return words
    }()

    /// `2/3` is not there yet.
    private static func share(_ text: String) -> Tone? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let ready = Int(parts[0]), let wanted = Int(parts[1]) else { return nil }
        return ready >= wanted ? (wanted == 0 ? .dim : .ok) : .warning
    }

    private static func truth(_ text: String) -> Tone? {
        switch text.lowercased() {
        case "true", "yes": .ok
        case "false", "no": .warning
        case "unknown": .pending
        default: nil
        }
    }
}

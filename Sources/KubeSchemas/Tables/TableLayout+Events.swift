import APIMachinery
import JSONCore
import LinuxKernel

extension TableLayout {
    /// core/v1 and events.k8s.io/v1, whose fields have other names.
    static let event = TableLayout(
        "Last Seen", "Type", "Reason", "Object", "wide:Subobject", "wide:Source", "Message", "wide:First Seen", "wide:Count",
        "wide:Name"
    ) { object, now in
        let event = Event(object)
        let about = ObjectReference(object["involvedObject"] ?? object["regarding"] ?? .null)
        let target = about.name.isEmpty ? about.kind.lowercased() : "\(about.kind.lowercased())/\(about.name)"
        let host = object.string("source", "host") ?? object.string("deprecatedSource", "host") ?? ""
        let component = event.component.isEmpty ? object.string("reportingController") ?? "" : event.component
        let message = object.string("message") ?? object.string("note") ?? ""
        let count = object.integer("series", "count") ?? object.integer("count") ?? object.integer("deprecatedCount") ?? 1
        let first = moment(object, "firstTimestamp", "deprecatedFirstTimestamp", "eventTime")
        let last =
            object.string("series", "lastObservedTime").flatMap { Timestamp(rfc3339: $0) }
            ?? moment(object, "lastTimestamp", "deprecatedLastTimestamp") ?? first
        return [
            .string(HumanDuration.since(last, now: now)), .string(event.type), .string(event.reason), .string(target),
            .string(about.fieldPath), .string(host.isEmpty ? component : "\(component), \(host)"),
            .string(String(message.trimmingSpaces)), .string(HumanDuration.since(first, now: now)), .integer(max(1, count)),
            .string(object.name),
        ]
    }

    private static func moment(_ object: KubeObject, _ fields: String...) -> Timestamp? {
        for field in fields {
            if let moment = object.string(field).flatMap({ Timestamp(rfc3339: $0) }) { return moment }
        }
        return nil
    }
}

extension String {
    fileprivate var trimmingSpaces: Substring {
        let start = drop { $0.isWhitespace }
        return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
    }
}

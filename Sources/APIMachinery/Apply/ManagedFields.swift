package import JSONCore
package import LinuxKernel

/// Who owns which fields of an object: `metadata.managedFields`, decoded.
/// Source: apimachinery `pkg/util/managedfields/internal/managedfields.go`.
package struct ManagedFields: Sendable, Hashable {
    /// How fields came to be owned.
    package enum Operation: String, Sendable, Hashable {
        /// By server-side apply.
        case apply = "Apply"
        /// By any other write.
        case update = "Update"
    }

    /// What tells one owner from another.
    package struct Manager: Sendable, Hashable {
        /// The client's name.
        package var name: String
        /// How it writes.
        package var operation: Operation
        /// The version it names fields in.
        package var apiVersion: String
        /// The subresource it writes; empty for the object itself.
        package var subresource: String

        /// A manager; an empty name becomes `unknown`, as Kubernetes has it.
        package init(name: String, operation: Operation, apiVersion: String, subresource: String = "") {
            self.name = name.isEmpty ? "unknown" : name
            self.operation = operation
            self.apiVersion = apiVersion
            self.subresource = subresource
        }

        /// Whether both are the same owner: the version does not tell appliers apart.
        func isSame(_ other: Manager) -> Bool {
            name == other.name && operation == other.operation && subresource == other.subresource
                && (operation == .apply || apiVersion == other.apiVersion)
        }

        /// Owners in the order in which conflicts name them.
        var sortKey: String { "\(name)\u{0}\(operation.rawValue)\u{0}\(operation == .apply ? "" : apiVersion)\u{0}\(subresource)" }
    }

    /// One owner with its fields.
    package struct Entry: Sendable, Hashable {
        /// The owner.
        package var manager: Manager
        /// When it last wrote; nil when that is not known.
        package var time: String?
        /// What it owns.
        package var fields: FieldSet
    }

    /// The owners, in the order of the list once it has been encoded.
    package var entries: [Entry] = []

    /// No owner of anything.
    package init() {}

    /// The most entries of updaters an object keeps; older ones are joined.
    static let updaterLimit = 10
    /// Who gets the fields of the oldest updaters.
    static let ancientName = "ancient-changes"

    /// Fields of metadata that nobody owns.
    static let unownedMetadata: Set<String> = [
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion",
    ]

    /// The paths that nobody owns. Source: apimachinery `stripmeta.go`.
    static let unowned = FieldSet(
        paths: [[.field("apiVersion")], [.field("kind")], [.field("metadata")]]
            + unownedMetadata.map { [.field("metadata"), .field($0)] })

    /// Reads the list; nil when an entry is malformed.
    package init?(_ list: JSONValue) {
        guard case .array(let items) = list else { return nil }
        entries.reserveCapacity(items.count)
        for item in items {
            guard let operation = item["operation"]?.stringValue.flatMap(Operation.init(rawValue:)),
                let version = item["apiVersion"]?.stringValue, !version.isEmpty, item["fieldsType"]?.stringValue == "FieldsV1",
                let fields = FieldSet(fieldsV1: item["fieldsV1"] ?? .object(JSONObject()))
            else { return nil }
            var manager = Manager(
                name: "", operation: operation, apiVersion: version, subresource: item["subresource"]?.stringValue ?? "")
            manager.name = item["manager"]?.stringValue ?? ""
            entries.append(Entry(manager: manager, time: item["time"]?.stringValue, fields: fields))
        }
    }

    /// Reads the text of the list; nil when it is malformed.
    package init?(text: String) {
        guard let value = try? JSON.parse(text, limits: .unlimitedSize) else { return nil }  // best effort: unreadable means unknown
        self.init(value)
    }

    /// The place of an owner's entry.
    func position(of manager: Manager) -> Int? { entries.firstIndex { $0.manager.isSame(manager) } }

    /// The fields of an owner.
    package subscript(manager: Manager) -> FieldSet? { position(of: manager).map { entries[$0].fields } }

    /// The text of the list, sorted as Kubernetes sorts it; nil when there is no owner.
    package var text: String? {
        guard !entries.isEmpty else { return nil }
        var out: [UInt8] = [UInt8(ascii: "[")]
        for (index, entry) in sorted.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            Self.write(entry.manager, time: entry.time, into: &out) { entry.fields.write(into: &$0) }
        }
        out.append(UInt8(ascii: "]"))
        return String(decoding: out, as: UTF8.self)
    }

    private var sorted: [Entry] {
        entries.sorted { left, right in
            let (a, b) = (left.manager, right.manager)
            if a.operation != b.operation { return a.operation.rawValue < b.operation.rawValue }
            let (timeA, timeB) = (left.time ?? "", right.time ?? "")
            if timeA != timeB { return timeA < timeB }
            return (a.name, a.apiVersion, a.subresource) < (b.name, b.apiVersion, b.subresource)
        }
    }

    /// The text of a list whose one entry owns everything that a new object has set, by one walk over the object; nil when that is
    /// nothing.
    package static func text(
        ofNew object: JSONObject, type: TypeSchema, by manager: Manager, ignoring ignored: Set<String>, at time: Timestamp
    ) -> String? {
        var out: [UInt8] = []
        out.reserveCapacity(2048)
        out.append(UInt8(ascii: "["))
        var isWritten = false
        write(manager, time: time.rfc3339, into: &out) {
            isWritten = FieldSetWriter.write(object, type: type, ignoring: ignored, into: &$0)
        }
        guard isWritten else { return nil }
        out.append(UInt8(ascii: "]"))
        return String(decoding: out, as: UTF8.self)
    }

    private static func write(_ manager: Manager, time: String?, into out: inout [UInt8], fields: (inout [UInt8]) -> Void) {
        out += "{\"manager\":".utf8
        JSON.encode(string: manager.name, into: &out)
        out += ",\"operation\":\"\(manager.operation.rawValue)\",\"apiVersion\":".utf8
        JSON.encode(string: manager.apiVersion, into: &out)
        if let time {
            out += ",\"time\":".utf8
            JSON.encode(string: time, into: &out)
        }
        out += ",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":".utf8
        fields(&out)
        if !manager.subresource.isEmpty {
            out += ",\"subresource\":".utf8
            JSON.encode(string: manager.subresource, into: &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    /// Whether both say the same but for times, in any order.
    package func isSameIgnoringTimes(_ other: ManagedFields) -> Bool {
        guard entries.count == other.entries.count else { return false }
        return entries.allSatisfy { entry in
            other.entries.contains { $0.manager == entry.manager && $0.fields == entry.fields }
        }
    }

    /// Joins the oldest updaters until there are no more than ``updaterLimit``. Source: apimachinery `capmanagers.go`.
    mutating func capUpdaters() {
        var updaters = entries.filter { $0.manager.operation == .update }
        guard updaters.count > Self.updaterLimit else { return }
        updaters.sort { ($0.time ?? "", $0.manager.sortKey) < ($1.time ?? "", $1.manager.sortKey) }
        var firsts: [String: Manager] = [:]
        var count = updaters.count
        for updater in updaters where count > Self.updaterLimit {
            let version = updater.manager.apiVersion
            let bucket = Manager(name: Self.ancientName, operation: .update, apiVersion: version)
            guard let first = firsts[version] else {
                firsts[version] = updater.manager
                continue
            }
            if position(of: bucket) == nil, let place = position(of: first) { entries[place].manager = bucket }
            guard let place = position(of: bucket), !updater.manager.isSame(bucket) else { continue }
            entries[place].fields = entries[place].fields.union(updater.fields)
            entries[place].time = updater.time
            entries.removeAll { $0.manager.isSame(updater.manager) }
            count -= 1
        }
    }
}

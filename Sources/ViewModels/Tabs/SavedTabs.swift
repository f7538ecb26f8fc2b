import JSONCore
import KubeClient
import LinuxKernel

/// The tabs of a context, kept on disk: their places, not their shells.
///
/// The file is JSON under the state directory, mode 0600. One that cannot be read is as none: nothing in it is worth a question.
struct SavedTabs: Sendable, Equatable {
    /// A part of a tab.
    indirect enum Part: Sendable, Hashable {
        case place(SavedPlace)
        case divided(SplitTree.Axis, share: Int, Part, Part)

        var places: [SavedPlace] {
            switch self {
            case .place(let place): [place]
            case .divided(_, _, let first, let second): first.places + second.places
            }
        }
    }

    /// One tab, and which of its places gets the keys.
    struct Tab: Sendable, Equatable {
        var root: Part
        var focus = 0
    }

    /// The tabs, in order.
    var tabs: [Tab] = []
    /// The one that was shown.
    var current = 0

    private static let longest = 256 << 10
    private static let deepest = 8

    init() {}

    /// The file of a context.
    static func path(stateDirectory: String, context: String) -> String { SavedViews.path(stateDirectory: stateDirectory, context: context, of: "tabs") }

    /// Reads a file; nil when there is none that can be read, or it has no tab.
    init?(path: String) {
        // best effort: without the file there is one tab.
        guard let text = try? FileSystem.readText(path), text.utf8.count <= Self.longest, let value = try? JSON.parse(Array(text.utf8)) else { return nil }
        for item in value["tabs"]?.arrayValue ?? [] {
            guard let root = item["root"].flatMap({ Self.part($0, depth: 0) }) else { continue }
            let focus = item["focus"]?.integerValue.flatMap { Int(exactly: $0) } ?? 0
            tabs.append(Tab(root: root, focus: root.places.indices.contains(focus) ? focus : 0))
        }
        guard !tabs.isEmpty else { return nil }
        let shown = value["current"]?.integerValue.flatMap { Int(exactly: $0) } ?? 0
        current = tabs.indices.contains(shown) ? shown : 0
    }

    private static func part(_ value: JSONValue, depth: Int) -> Part? {
        guard let word = value["divided"]?.stringValue else { return SavedPlace(value).map { .place($0) } }
        guard depth < deepest, let axis = SplitTree.Axis(rawValue: word) else { return nil }
        let parts = [value["first"], value["second"]].compactMap { $0.flatMap { part($0, depth: depth + 1) } }
        guard parts.count == 2 else { return parts.first }
        let share = value["share"]?.integerValue.flatMap { Int(exactly: $0) } ?? 50
        return .divided(axis, share: SplitTree.bounded(share), parts[0], parts[1])
    }

    /// The file's text.
    var bytes: [UInt8] {
        let items = tabs.map { tab -> JSONValue in ["root": Self.value(tab.root), "focus": .integer(Int64(tab.focus))] }
        return JSON.encode(["tabs": .array(items), "current": .integer(Int64(current))])
    }

    private static func value(_ part: Part) -> JSONValue {
        switch part {
        case .place(let place): place.value
        case .divided(let axis, let share, let first, let second):
            ["divided": .string(axis.rawValue), "share": .integer(Int64(share)), "first": value(first), "second": value(second)]
        }
    }
}

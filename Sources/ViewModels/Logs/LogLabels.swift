/// Labels for the sources of a merge: the part of the pod's name that tells it from the others, and the container where pods have several.
enum LogLabels {
    /// The labels in the order of the targets. They may grow when pods join, never beyond ``limit`` characters.
    static func make(_ targets: [LogTarget]) -> [String] {
        let pods = Set(targets.map { "\($0.namespace)/\($0.pod)" })
        let namespaces = Set(targets.map(\.namespace))
        let containers = Dictionary(grouping: targets, by: { "\($0.namespace)/\($0.pod)" }).mapValues { Set($0.map(\.container)).count }
        let hasSeveral = containers.values.contains { $0 > 1 }
        guard pods.count > 1 || !hasSeveral else { return targets.map { shortened($0.container) } }
        let names = Set(targets.map(\.pod))
        let prefix = namespaces.count > 1 ? "" : commonPrefix(Array(names))
        return targets.map { target in
            let place = namespaces.count > 1 ? "\(target.namespace)/" : ""
            let name = place + target.pod.dropFirst(prefix.count)
            return shortened(hasSeveral ? "\(name)/\(target.container)" : name)
        }
    }

    /// Longer labels keep their end, which tells pods apart.
    static let limit = 24

    private static func shortened(_ text: String) -> String { text.count <= limit ? text : "\u{2026}" + text.suffix(limit - 1) }

    /// The longest beginning all names share that ends after a dash; of one name what comes before its last word.
    private static func commonPrefix(_ names: [String]) -> Substring {
        guard let first = names.first else { return "" }
        var common = first[...]
        if names.count == 1 { common = common.dropLast() }
        for name in names.dropFirst() {
            var end = common.startIndex
            for (one, other) in zip(common, name) {
                guard one == other else { break }
                end = common.index(after: end)
            }
            common = common[..<end]
        }
        guard let dash = common.lastIndex(of: "-") else { return "" }
        return first[...dash]
    }
}

import APIMachinery
import ClusterOperations
import JSONCore

/// What would follow from applying, as text.
enum WhatIfText {
    private static let mostDefaults = 12
    private static let mostRights = 40

    static func make(_ found: WhatIf) -> DetailText {
        var text = DetailText()
        let state: TextSpan =
            found.refusals.isEmpty ? TextSpan("The server would accept it. Nothing was changed.", .ok) : TextSpan("The server would refuse it:", .error)
        text.line([state], indent: 0)
        for refusal in found.refusals { text.line([TextSpan(refusal, .error)]) }
        for warning in found.warnings { text.line([TextSpan("warning: \(warning)", .warning)]) }
        for consequence in found.consequences {
            text.heading(consequence.title, [TextSpan(consequence.isNew ? "  is created" : "  changes", .dim)])
            defaults(consequence.defaults, &text)
            if let pods = consequence.pods { outlook(pods, &text) }
        }
        if let access = found.access { rights(access, &text) }
        return text
    }

    private static func defaults(_ changes: [FieldChanges.Change], _ text: inout DetailText) {
        guard !changes.isEmpty else { return }
        text.line([TextSpan("the server adds", .dim)])
        for change in changes.prefix(mostDefaults) { text.line([TextSpan(change.text)], indent: 4) }
        if changes.count > mostDefaults { text.line([TextSpan("and \(changes.count - mostDefaults) more", .dim)], indent: 4) }
    }

    private static func outlook(_ pods: PodOutlook, _ text: inout DetailText) {
        for (number, sentence) in pods.forecast.sentences.enumerated() {
            text.fact(
                number == 0 ? "pods" : "", sentence,
                pods.forecast.leavingFirst > 0 && pods.forecast.leavingFirst == pods.forecast.wantedBefore ? .warning : .normal)
        }
        if let refusal = pods.refusal { text.fact("admission", "refuses its pods: \(refusal)", .error) }
        scheduling(pods, &text)
        for (number, image) in pods.images.enumerated() { text.fact(number == 0 ? "images" : "", images(image)) }
        for (number, need) in pods.missing.enumerated() {
            text.fact(number == 0 ? "missing" : "", "\(need.kind) \(need.name) is not there: \(need.consequence)", .error)
        }
        for (number, use) in pods.quotas.enumerated() {
            let sum = "\(use.resource) \(use.used) + \(use.added) of \(use.hard)"
            text.fact(
                number == 0 ? "quotas" : "", "\(use.quota): \(sum)\(use.isExceeded ? ", more than it allows: pods are refused" : "")",
                use.isExceeded ? .error : .normal)
        }
        for (number, budget) in pods.budgets.enumerated() { text.fact(number == 0 ? "budgets" : "", budget) }
    }

    private static func scheduling(_ pods: PodOutlook, _ text: inout DetailText) {
        if let reason = pods.unplaced { return text.fact("scheduling", reason, .dim) }
        guard !pods.placements.isEmpty else { return }
        let placed = pods.placements.compactMap(\.node)
        let byNode = Dictionary(grouping: placed, by: { $0 }).mapValues(\.count).sorted { $0.key < $1.key }
        if !byNode.isEmpty {
            let places = byNode.map { "\($0.value) on \($0.key)" }.joined(separator: ", ")
            text.fact("scheduling", "the first \(placed.count == 1 ? "new pod fits" : "\(placed.count) new pods fit"): \(places)", .ok)
        }
        if let failed = pods.placements.first(where: { $0.node == nil }) {
            text.fact(byNode.isEmpty ? "scheduling" : "", "\(byNode.isEmpty ? "no pod fits" : "the next one stays Pending"): \(failed.message)", .error)
        }
        for (node, reasons) in pods.obstacles.sorted(by: { $0.key < $1.key }) where !reasons.isEmpty {
            text.fact("", "\(node): \(reasons.joined(separator: ", "))", .dim)
        }
    }

    private static func images(_ image: PodOutlook.Image) -> String {
        if image.isAlwaysPulled { return "\(image.image) is asked for at its registry each time (Always)" }
        if image.nodes.count == image.nodeCount, image.nodeCount > 0 { return "\(image.image) is on \(image.nodeCount == 1 ? "the node" : "every node")" }
        let there = image.nodes.isEmpty ? "is on no node" : "is on \(image.nodes.joined(separator: ", "))"
        return "\(image.image) \(there): \(image.isNeverPulled ? "elsewhere pods fail, since it is never pulled" : "elsewhere it is pulled first")"
    }

    private static func rights(_ access: AccessChange, _ text: inout DetailText) {
        text.heading("Who may do what")
        for unread in access.unread { text.line([TextSpan("not read: \(unread)", .warning)]) }
        guard !access.entries.isEmpty else { return text.line([TextSpan("nobody gains or loses anything", .dim)]) }
        for entry in access.entries {
            text.line([TextSpan(entry.subject.text, .accent), TextSpan(entry.namespace.map { " in \($0)" } ?? " everywhere", .dim)])
            for (sign, rights, tone) in [("+", entry.gained, Tone.warning), ("-", entry.lost, Tone.normal)] {
                for right in rights.prefix(mostRights) { text.line([TextSpan("\(sign) \(right)", tone)], indent: 4) }
                if rights.count > mostRights { text.line([TextSpan("\(sign) and \(rights.count - mostRights) more", .dim)], indent: 4) }
            }
        }
        text.line([TextSpan("+ is gained, - is lost; groups that a certificate carries, and other authorizers, are not seen here", .dim)])
    }
}

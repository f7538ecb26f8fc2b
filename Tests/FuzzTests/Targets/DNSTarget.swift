import LinuxKernel

@testable import PodNetwork

extension FuzzTarget {
    static let dns = FuzzTarget(
        "dns", tokens: ["cluster", "local", "svc", "in-addr", "arpa", "_tcp", "default", "web"],
        bytes: [
            [0xC0, 0x0C], [0xC0, 0xFF], [0, 1, 0, 1], [0, 5, 0, 1], [0, 6, 0, 1], [0, 15, 0, 1], [0, 33, 0, 1], [0, 12, 0, 1], [0, 255, 0, 1],
            [0, 0, 41, 4, 0xD0, 0, 0, 0x80, 0, 0, 0], [0x81, 0x80], [0x83, 0], [63], [0], [0, 4, 10, 42, 0, 5], [0, 1, 0, 1, 0, 0, 0, 1],
        ],
        largest: 4096
    ) { { input, seen in try DNSRules.check(input, &seen) } }
}

/// What holds for all bytes that are sent to cluster DNS, and for all that a resolver answers.
private enum DNSRules {
    private static let zone: DNSZone = {
        let zone = DNSZone(ranges: ClusterRanges(podCIDR: IPv4Network(IPv4Address(10, 42, 0, 0), 16), serviceCIDR: IPv4Network(IPv4Address(10, 96, 0, 0), 12)))
        zone.setNamespaces(["default"])
        let port = DNSService.Port(name: "http", transport: "tcp", number: 80)
        let many = (0..<200).map { DNSService.Endpoint(address: IPv4Address(10, 42, 0, $0), ports: [port]) }
        zone.set(DNSService(namespace: "default", name: "web", kind: .address(IPv4Address(10, 97, 0, 1)), ports: [port]), namespace: "default", name: "web")
        zone.set(DNSService(namespace: "default", name: "db", kind: .headless, endpoints: many), namespace: "default", name: "db")
        zone.set(DNSService(namespace: "default", name: "out", kind: .alias("web.default.svc.cluster.local")), namespace: "default", name: "out")
        return zone
    }()

    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        if let refusal = DNSMessage.refusal(of: input) {
            try Violation.unless(
                refusal.count == 12 && refusal[2] & 0x80 != 0 && refusal.prefix(2) == input.prefix(2), "a refusal is an answer without content")
        }
        let message: DNSMessage
        do throws(DNSMessageError) {
            message = try DNSMessage(parsing: input)
        } catch {
            seen.note(message: error.description)
            return try Violation.unlessClean(error.description)
        }
        note(message, &seen)
        try survives(message)
        try answers(message, &seen)
    }

    private static func note(_ message: DNSMessage, _ seen: inout Observation) {
        seen.note("code \(message.code)")
        seen.note("records", message.answers.count + message.authorities.count + message.additionals.count)
        for record in message.answers + message.authorities { seen.note("\(record.type)") }
        if message.edns != nil { seen.note("edns") }
    }

    /// What was read is written and read as the same, whole or up to where it was cut.
    private static func survives(_ message: DNSMessage) throws {
        try Violation.unlessClean(message.question.name.description)
        for record in message.answers { try Violation.unlessClean(record.text) }
        let bytes = message.encoded()
        var expected = message
        // Without EDNS there is no room for the upper bits.
        if message.edns == nil { expected.code = DNSCode(message.code.number & 15) }
        let again = try DNSMessage(parsing: bytes)
        // Names that were short as references may be too much when they are whole.
        let isCut = again.isTruncated && !message.isTruncated
        try Violation.unless(isCut ? bytes.count > 60_000 : again == expected, "a message reads back as itself")
        for limit in [512, 1232] {
            let cut = message.encoded(limit: limit)
            let question = 12 + message.question.name.wire.count + 4 + 11
            try Violation.unless(cut.count <= max(limit, question), "a message keeps its limit", "\(cut.count) of \(limit) bytes")
            let read = try DNSMessage(parsing: cut)
            try Violation.unless(read.question == message.question && message.answers.starts(with: read.answers), "what is cut is cut at its end")
        }
    }

    private static func answers(_ message: DNSMessage, _ seen: inout Observation) throws {
        guard let found = zone.answer(message.question) else { return }
        seen.note("zone \(found.code)", found.answers.count)
        var answer = message.answer(found.code)
        answer.answers = found.answers
        answer.authorities = found.authorities
        answer.additionals = found.additionals
        let bytes = answer.encoded(limit: message.datagramLimit)
        try Violation.unless(bytes.count <= message.datagramLimit, "an answer fits what its client takes")
        let read = try DNSMessage(parsing: bytes)
        try Violation.unless(read.isResponse && read.id == message.id, "an answer is one to its question")
    }
}

import ClusterOperations
import LinuxKernel

/// A capture of packets in words.
enum PacketText {
    /// How a capture stands.
    struct Standing: Sendable {
        /// Packets so far.
        var count = 0
        /// Bytes in the file.
        var bytes: Int64 = 0
        /// Where the file is.
        var path = ""
        /// Why it has ended; nil while it runs.
        var ending: String?
    }

    /// The newest packets, each with its number. The value of each line is the line itself.
    static func make(_ packets: [(number: Int, packet: PacketStream.Packet)], _ standing: Standing, filter: String) -> DetailText {
        var text = DetailText()
        let state = standing.ending.map { TextSpan("  \($0)", .warning) } ?? TextSpan("  capturing; S stops", .ok)
        text.heading("\(standing.count) packet\(standing.count == 1 ? "" : "s"), \(ByteText.short(standing.bytes))", [state])
        text.line([TextSpan(standing.path, .dim)])
        var columns = TextColumns(["TIME (UTC)", "FROM", "TO", "PROTO", "LENGTH", "WHAT"])
        var values: [String] = []
        for (number, packet) in packets {
            let summary = PacketSummary(packet)
            let what = summary.detail + (summary.payload.map { $0 > 0 ? "\(summary.detail.isEmpty ? "" : ", ")\($0) bytes of data" : "" } ?? "")
            let cells = [time(packet.microseconds), summary.source, summary.destination, summary.transport, "\(packet.length)", what]
            let line = cells.joined(separator: " ")
            guard line.hasWords(of: filter) else { continue }
            columns.add([
                TextSpan(cells[0], .dim), TextSpan(cells[1]), TextSpan(cells[2]), TextSpan(cells[3], tone(summary)), TextSpan(cells[4], .dim),
                TextSpan(what, .dim),
            ])
            values.append("#\(number) \(line)")
        }
        if !filter.isEmpty { text.line([TextSpan("only lines with \"\(filter)\"", .accent)]) }
        if values.isEmpty {
            text.line([TextSpan(packets.isEmpty ? "Nothing has passed yet." : "No line of those kept has that.", .dim)])
            return text
        }
        text.lineUp(columns) { DetailLink(value: values[$0]) }
        return text
    }

    private static func tone(_ summary: PacketSummary) -> Tone {
        if summary.detail.contains("RST") || summary.detail.contains("unreachable") { return .error }
        return summary.detail.contains("SYN") || summary.detail.contains("FIN") ? .accent : .normal
    }

    /// The time of day, to the microsecond.
    private static func time(_ microseconds: Int64) -> String {
        let time = Timestamp(seconds: microseconds / 1_000_000, nanoseconds: Int32(microseconds % 1_000_000) * 1000)
        return String(time.rfc3339Micro.dropFirst(11).dropLast())
    }
}

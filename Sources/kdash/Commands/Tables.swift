import JSONCore
import LinuxKernel

/// Aligned columns for people; the first row is the header.
enum TextTable {
    static func render(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                line += text
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - text.count + 3) }
            }
            return line
        }.joined(separator: "\n")
    }
}

/// `kdash image list`.
struct ImageTable {
    let text: String

    init(_ value: JSONValue) {
        let rows = (value["images"]?.arrayValue ?? []).flatMap { image in
            (image["names"]?.arrayValue ?? []).map { name in
                let id = (image["id"]?.stringValue ?? "").split(separator: ":").last.map { String($0.prefix(12)) } ?? ""
                return [name.stringValue ?? "", id, ByteCount(image["size"]?.integerValue ?? 0).description]
            }
        }
        text = TextTable.render([["IMAGE", "ID", "SIZE"]] + rows.sorted { $0[0] < $1[0] })
    }
}

/// `kdash status`.
struct StatusText {
    let text: String

    init(_ value: JSONValue) {
        var lines = [
            "\(value["state"]?.stringValue ?? "unknown"): \(value["server"]?.stringValue ?? "")", "kubeconfig: \(value["kubeconfig"]?.stringValue ?? "")",
        ]
        for node in value["nodes"]?.arrayValue ?? [] {
            let reason = node["reason"]?.stringValue ?? ""
            lines.append(
                "node \(node["name"]?.stringValue ?? ""): \(node["ready"]?.boolValue == true ? "Ready" : "NotReady")\(reason.isEmpty ? "" : ": \(reason)")")
        }
        if let simulated = value["simulatedNodes"], let count = simulated["nodes"]?.integerValue, count > 0 {
            lines.append("simulated nodes: \(count), with \(simulated["pods"]?.integerValue ?? 0) pretended pods; `kdash up --simulated-nodes 0` removes them")
        }
        lines += (value["notes"]?.arrayValue ?? []).compactMap(\.stringValue)
        text = lines.joined(separator: "\n")
    }
}

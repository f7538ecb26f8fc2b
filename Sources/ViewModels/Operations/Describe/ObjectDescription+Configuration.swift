import APIMachinery
import ClusterOperations
import JSONCore
import KubeSchemas

extension ObjectDescription {
    mutating func writeConfigMap() {
        let map = ConfigMap(object)
        if object.bool("immutable") == true { text.fact("immutable", "its data never changes") }
        for entry in map.data.sorted(by: { $0.key < $1.key }) {
            text.heading(entry.key, [TextSpan("  \(entry.value.utf8.count) bytes", .dim)])
            text.link(DetailLink(value: entry.value))
            writeLines(entry.value)
        }
        for entry in map.binaryData.sorted(by: { $0.key < $1.key }) {
            text.heading(entry.key, [TextSpan("  \(Base64.decode(entry.value)?.count ?? 0) bytes, binary", .dim)])
        }
        if map.data.isEmpty, map.binaryData.isEmpty { text.heading("Data", [TextSpan("  none", .dim)]) }
    }

    mutating func writeSecret() {
        let secret = Secret(object)
        text.fact("type", secret.type)
        if object.bool("immutable") == true { text.fact("immutable", "its data never changes") }
        text.heading(
            "Data", [TextSpan(secret.data.isEmpty ? "  none" : isRevealed ? "  v hides it, y copies a value" : "  v shows it, y copies a value", .dim)])
        let width = min(40, secret.data.keys.reduce(14) { max($0, $1.count + 2) })
        for entry in secret.data.sorted(by: { $0.key < $1.key }) {
            guard let bytes = Base64.decode(entry.value) else {
                text.fact(entry.key, [TextSpan("is not base64", .error)], width: width)
                continue
            }
            let plain = Self.plain(bytes)
            let size = TextSpan("  \(bytes.count) bytes\(plain == nil ? ", binary" : "")", .dim)
            let lines = plain?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
            let shown = isRevealed ? plain.map { lines.count > 1 ? "" : DetailText.short($0) } ?? "" : String(repeating: "•", count: 8)
            text.fact(entry.key, [TextSpan(shown, isRevealed ? .normal : .dim), size], width: width)
            text.link(DetailLink(value: plain ?? entry.value))
            if isRevealed, lines.count > 1, let plain { writeLines(plain, indent: 4) }
        }
    }

    /// Bytes as text; nil when they are none.
    static func plain(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return text.unicodeScalars.contains { $0.value < 0x20 && ![0x09, 0x0A, 0x0D].contains($0.value) } ? nil : text
    }

    private mutating func writeLines(_ value: String, indent: Int = 2) {
        let lines = value.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines.prefix(500) { text.line([TextSpan(DetailText.short(String(line)))], indent: indent) }
        if lines.count > 500 { text.line([TextSpan("and \(lines.count - 500) more lines", .dim)], indent: indent) }
    }

    mutating func writeClaim() {
        let bound = object.string("spec", "volumeName") ?? ""
        let phase = object.string("status", "phase") ?? ""
        text.fact("status", phase, phase == "Bound" ? .ok : phase == "Lost" ? .error : .pending)
        text.fact("volume", bound)
        text.link("PersistentVolume", bound, namespace: nil)
        text.fact("asks for", object.string("spec", "resources", "requests", "storage") ?? "")
        text.fact("has", object.string("status", "capacity", "storage") ?? "")
        text.fact("access", object.array("spec", "accessModes").compactMap(\.stringValue).joined(separator: ", "))
        text.fact("class", object.string("spec", "storageClassName") ?? "")
        text.link("StorageClass", object.string("spec", "storageClassName") ?? "", namespace: nil)
        text.fact("mode", object.string("spec", "volumeMode") ?? "")
        text.pods(related(.pods), "Used by", now: now)
    }

    mutating func writeVolume() {
        let phase = object.string("status", "phase") ?? ""
        text.fact("status", phase, phase == "Bound" ? .ok : phase == "Failed" ? .error : .pending)
        text.fact("because", object.string("status", "message") ?? "", .error)
        let (namespace, claim) = (object.string("spec", "claimRef", "namespace"), object.string("spec", "claimRef", "name") ?? "")
        text.fact("claim", claim.isEmpty ? "" : "\(namespace.map { "\($0)/" } ?? "")\(claim)")
        text.link("PersistentVolumeClaim", claim, namespace: namespace)
        text.fact("size", object.string("spec", "capacity", "storage") ?? "")
        text.fact("access", object.array("spec", "accessModes").compactMap(\.stringValue).joined(separator: ", "))
        text.fact("class", object.string("spec", "storageClassName") ?? "")
        text.fact("afterwards", object.string("spec", "persistentVolumeReclaimPolicy") ?? "")
        let known: Set = [
            "capacity", "accessModes", "claimRef", "storageClassName", "persistentVolumeReclaimPolicy", "volumeMode", "nodeAffinity", "mountOptions",
        ]
        for member in object["spec"]?.objectValue ?? JSONObject() where !known.contains(member.key) { text.fields("Source: \(member.key)", member.value) }
        text.fields("Only on nodes", object["spec", "nodeAffinity"])
    }
}

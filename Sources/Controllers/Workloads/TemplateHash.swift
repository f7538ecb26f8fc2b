import APIMachinery
import JSONCore
import KubeSchemas

/// The label that tells the ReplicaSets of a Deployment apart.
enum TemplateHash {
    static let label = "pod-template-hash"

    /// Eight to ten characters that depend on the template's content, not on the order of its keys, and on how often the name was taken.
    static func text(_ template: JSONValue, collisions: Int64) -> String {
        var hash: UInt32 = 2_166_136_261
        mix(template, &hash)
        if collisions > 0 { mix(.integer(collisions), &hash) }
        // The letters of Kubernetes' random names: no vowels, so that no words appear.
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(String(hash).map { letters[Int($0.asciiValue ?? 48) % letters.count] })
    }

    /// The template without the label.
    static func bare(_ template: PodTemplateSpec) -> JSONValue {
        var value = template.value
        if var metadata = value["metadata"]?.objectValue {
            var labels = metadata["labels"]?.objectValue
            labels?[label] = nil
            metadata["labels"] = labels.map { $0.isEmpty ? nil : .object($0) } ?? nil
            metadata["creationTimestamp"] = nil
            value["metadata"] = metadata.isEmpty ? nil : .object(metadata)
        }
        return value
    }

    private static func mix(_ value: JSONValue, _ hash: inout UInt32) {
        switch value {
        case .object(let object):
            add(0x7B, &hash)
            for member in object.sorted(by: { $0.key < $1.key }) {
                mix(member.key, &hash)
                mix(member.value, &hash)
            }
        case .array(let items):
            add(0x5B, &hash)
            for item in items { mix(item, &hash) }
        case .string(let text): mix(text, &hash)
        case .null, .bool, .integer, .double: mix(value.description, &hash)
        }
        add(0, &hash)
    }

    private static func mix(_ text: String, _ hash: inout UInt32) {
        for byte in text.utf8 { add(byte, &hash) }
        add(0x22, &hash)
    }

    private static func add(_ byte: UInt8, _ hash: inout UInt32) {
        hash = (hash ^ UInt32(byte)) &* 16_777_619
    }
}

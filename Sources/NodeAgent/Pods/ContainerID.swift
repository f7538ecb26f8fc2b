/// The supervisor's name of one container instance: which pod, which container, which attempt.
///
/// It is a function of those three, so a restarted daemon recognises what it finds. At most 63 bytes, which the supervisor asks for.
struct ContainerID: Sendable, Hashable {
    let podUID: String
    /// Stands for the container's name, which may be too long for an id.
    let nameHash: String
    let attempt: Int

    init(podUID: String, container: String, attempt: Int) {
        self.podUID = podUID
        self.nameHash = Self.hash(container)
        self.attempt = attempt
    }

    /// Takes apart what `string` put together; nil for anything else.
    init?(parsing string: String) {
        let parts = string.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].count == 16, let attempt = Int(parts[2]), attempt >= 0 else { return nil }
        podUID = String(parts[0])
        nameHash = String(parts[1])
        self.attempt = attempt
    }

    var string: String { "\(podUID).\(nameHash).\(attempt)" }

    /// FNV-1a of the name, 16 hex digits; names of one pod are few and chosen by its owner, so collisions hurt nobody else.
    static func hash(_ name: String) -> String {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

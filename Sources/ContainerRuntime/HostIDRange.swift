/// A run of the machine's user and group ids that a pod has as its own: inside, they are 0 and what follows.
package struct HostIDRange: Sendable, Hashable {
    /// The machine's id of the pod's root; at least 65536, so that nobody who is somebody on the machine is in it.
    package var first: UInt32
    /// How many there are.
    package var count: UInt32

    package init(first: UInt32, count: UInt32 = Self.length) {
        self.first = first
        self.count = count
    }

    /// From /proc/PID/uid_map; nil unless that is the map of a pod.
    package init?(map: String) {
        let numbers = map.split(whereSeparator: \.isWhitespace).map { UInt32($0) }
        guard numbers.count == 3, numbers[0] == 0, let first = numbers[1], first >= Self.length, numbers[2] == Self.length else { return nil }
        self.init(first: first)
    }

    /// What the pod calls an id of the machine; 65534 (nobody) for one that it does not have.
    package func inside(_ id: UInt32) -> UInt32 { id >= first && id - first < count ? id - first : 65534 }

    /// Ids of one pod. Source: the kubelet's userNsUnitLength.
    package static let length: UInt32 = 65536
}

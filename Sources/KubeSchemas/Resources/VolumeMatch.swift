import APIMachinery

/// Which volume a claim gets. Source: `component-helpers/storage/volume` FindMatchingVolume.
package enum VolumeMatch {
    /// Where the first pod of a claim is to run.
    package struct Place: Sendable {
        /// The node's name.
        package let node: String
        /// The node's labels.
        package let labels: [String: String]

        /// A place from its parts.
        package init(node: String, labels: [String: String]) {
            self.node = node
            self.labels = labels
        }
    }

    /// The volume that is for the claim already, else the smallest that will do; nil for none. With `isDelayed` and without a place only
    /// a volume that is kept for the claim counts.
    package static func best(
        for claim: PersistentVolumeClaim, among volumes: some Sequence<PersistentVolume>, at place: Place? = nil, isDelayed: Bool = false
    ) -> PersistentVolume? {
        var best: (volume: PersistentVolume, capacity: Quantity)?
        let selector = claim.selector
        for volume in volumes {
            guard let capacity = volume.capacity, fits(volume, capacity, claim) else { continue }
            let isReachable = place.map { volume.isReachable(fromNode: $0.node, labels: $0.labels) } ?? true
            if volume.isFor(claim) { return isReachable ? volume : nil }
            guard volume.claim == nil, place != nil || !isDelayed, isReachable, volume.phase == "Available",
                volume.className == claim.className ?? "", selector?.matches(volume.labels) ?? true
            else { continue }
            // Names break ties, so that the outcome does not depend on the order of a cache.
            if best.map({ capacity < $0.capacity || (capacity == $0.capacity && volume.name < $0.volume.name) }) ?? true {
                best = (volume, capacity)
            }
        }
        return best?.volume
    }

    private static func fits(_ volume: PersistentVolume, _ capacity: Quantity, _ claim: PersistentVolumeClaim) -> Bool {
        guard !volume.object.isBeingDeleted, volume.volumeMode == claim.volumeMode else { return false }
        if let request = claim.request, capacity < request { return false }
        return Set(claim.accessModes).isSubset(of: volume.accessModes)
    }

    /// Why a volume that a claim names itself cannot be its volume; nil when it can. Source: `checkVolumeSatisfyClaim`.
    package static func mismatch(_ volume: PersistentVolume, _ claim: PersistentVolumeClaim) -> String? {
        if let request = claim.request, let capacity = volume.capacity, capacity < request { return "requested PV is too small" }
        if volume.className != claim.className ?? "" { return "storageClassName does not match" }
        if volume.volumeMode != claim.volumeMode { return "incompatible volumeMode" }
        if !Set(claim.accessModes).isSubset(of: volume.accessModes) { return "incompatible accessMode" }
        return nil
    }
}

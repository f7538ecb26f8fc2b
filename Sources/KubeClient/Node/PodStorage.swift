package import LinuxKernel

/// What some files take of a disk.
package struct DiskUse: Sendable, Hashable {
    /// Their blocks.
    package var size: ByteCount
    /// How many there are, folders included.
    package var files: Int64

    /// Nothing, unless said otherwise.
    package init(size: ByteCount = .zero, files: Int64 = 0) {
        self.size = size
        self.files = files
    }

    /// Both together.
    package static func + (a: DiskUse, b: DiskUse) -> DiskUse { DiskUse(size: a.size + b.size, files: a.files &+ b.files) }
}

/// What a pod takes of its node's disk. Memory, claims and folders of the node are not counted.
package struct PodStorage: Sendable, Hashable {
    /// What one container takes, with those of its instances that are kept.
    package struct Container: Sendable, Hashable {
        /// The container's name.
        package var name: String
        /// What it has written to its own root.
        package var root: DiskUse
        /// What it has logged.
        package var logs: DiskUse

        /// A measurement.
        package init(name: String, root: DiskUse, logs: DiskUse) {
            self.name = name
            self.root = root
            self.logs = logs
        }

        /// Root and logs together.
        package var total: DiskUse { root + logs }
    }

    /// What one volume takes.
    package struct Volume: Sendable, Hashable {
        /// The volume's name in the pod.
        package var name: String
        /// What lies in it.
        package var use: DiskUse

        /// A measurement.
        package init(name: String, use: DiskUse) {
            self.name = name
            self.use = use
        }
    }

    /// The pod's uid.
    package var uid: String
    /// Every container that has started.
    package var containers: [Container]
    /// Volumes that live as long as the pod.
    package var volumes: [Volume]

    /// A measurement.
    package init(uid: String, containers: [Container] = [], volumes: [Volume] = []) {
        self.uid = uid
        self.containers = containers
        self.volumes = volumes
    }

    /// All of it.
    package var total: DiskUse { (containers.map(\.total) + volumes.map(\.use)).reduce(DiskUse(), +) }
}

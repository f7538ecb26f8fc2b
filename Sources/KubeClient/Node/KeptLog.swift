package import JSONCore
package import LinuxKernel

/// The logs that a node keeps of one pod that is deleted.
package struct KeptLog: Sendable, Hashable {
    /// The pod's namespace.
    package var namespace: String
    /// The pod's name.
    package var pod: String
    /// The pod's uid; others may have had the name since.
    package var podUID: String
    /// The containers with a log, by name.
    package var containers: [String]
    /// When the last line was written, to the second.
    package var lastWrite: Timestamp
    /// What it takes on the disk.
    package var size: ByteCount
    /// Whether nothing was ever written.
    package var isEmpty: Bool { containers.isEmpty || size.value <= 0 }

    /// The logs of one pod.
    package init(namespace: String, pod: String, podUID: String, containers: [String], lastWrite: Timestamp, size: ByteCount) {
        self.namespace = namespace
        self.pod = pod
        self.podUID = podUID
        self.containers = containers
        self.lastWrite = lastWrite
        self.size = size
    }
}

extension KeptLog {
    /// As `/kdash/v1/logs` answers.
    package var value: JSONValue {
        [
            "namespace": .string(namespace), "pod": .string(pod), "podUID": .string(podUID), "containers": .array(containers.map { .string($0) }),
            "lastWrite": .string(lastWrite.rfc3339), "bytes": .integer(size.value),
        ]
    }

    /// Reads what ``value`` wrote; nil when it does not name a pod and a time.
    package init?(_ value: JSONValue) {
        guard let namespace = value["namespace"]?.stringValue, let pod = value["pod"]?.stringValue, let uid = value["podUID"]?.stringValue,
            let time = value["lastWrite"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(
            namespace: namespace, pod: pod, podUID: uid, containers: (value["containers"]?.arrayValue ?? []).compactMap(\.stringValue),
            lastWrite: time, size: ByteCount(value["bytes"]?.integerValue ?? 0))
    }
}

package import LinuxKernel

/// Which part of a container's log is wanted, and in what form. Source: core/v1 PodLogOptions.
package struct LogRequest: Sendable, Hashable {
    /// Which of the container's streams.
    package enum Stream: String, Sendable, Hashable {
        case all = "All"
        case stdout = "Stdout"
        case stderr = "Stderr"
    }

    /// The pod's namespace.
    package var namespace: String
    /// The pod's name.
    package var pod: String
    /// The pod's uid.
    package var podUID: String
    /// The container's name.
    package var container: String
    /// Whether to stay and send what is written from now on. Default false.
    package var follow: Bool
    /// Whether the instance before the current one is meant. Default false.
    package var previous: Bool
    /// How many lines from the end; nil for all.
    package var tailLines: Int64?
    /// Only lines written in the last so many seconds; nil for all.
    package var sinceSeconds: Int64?
    /// Only lines written at or after this time; nil for all.
    package var sinceTime: Timestamp?
    /// Whether each line starts with its time. Default false.
    package var timestamps: Bool
    /// Where to cut the output off, in bytes; nil for nowhere.
    package var limitBytes: Int64?
    /// Which stream. Default all.
    package var stream: Stream
    /// Whether the answer is to say of every line where it came from and what is missing. Default false. Not of Kubernetes: a server
    /// that does not know it answers plainly, see ``LogMark``.
    package var isMarked: Bool
    /// Whether the pod no longer exists and what its node kept of it is meant; ``podUID`` tells it from namesakes. Default false. Not of
    /// Kubernetes: other servers know nothing of it.
    package var isDeleted: Bool
    /// Which instance is meant, by how often the container had started again before it; nil for the newest, or the one before that. Not of
    /// Kubernetes: other servers answer with the newest.
    package var instance: Int?

    /// A request.
    package init(
        namespace: String, pod: String, podUID: String = "", container: String, follow: Bool = false, previous: Bool = false,
        tailLines: Int64? = nil, sinceSeconds: Int64? = nil, sinceTime: Timestamp? = nil, timestamps: Bool = false,
        limitBytes: Int64? = nil, stream: Stream = .all, isMarked: Bool = false, isDeleted: Bool = false
    ) {
        self.namespace = namespace
        self.pod = pod
        self.podUID = podUID
        self.container = container
        self.follow = follow
        self.previous = previous
        self.tailLines = tailLines
        self.sinceSeconds = sinceSeconds
        self.sinceTime = sinceTime
        self.timestamps = timestamps
        self.limitBytes = limitBytes
        self.stream = stream
        self.isMarked = isMarked
        self.isDeleted = isDeleted
    }
}

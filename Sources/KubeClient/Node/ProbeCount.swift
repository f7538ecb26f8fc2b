/// How often a probe of a container has been tried with one result.
package struct ProbeCount: Sendable, Hashable {
    /// What a try found.
    package enum Result: String, Sendable, Hashable {
        case successful
        case failed
        /// The try itself went wrong.
        case unknown
    }

    /// The pod's namespace.
    package var namespace: String
    /// The pod's name.
    package var pod: String
    /// The pod's uid.
    package var podUID: String
    /// The container's name.
    package var container: String
    /// `Startup`, `Liveness` or `Readiness`.
    package var probe: String
    /// What the tries found.
    package var result: Result
    /// How many, since the agent has known the pod.
    package var tries: Int

    /// A count.
    package init(namespace: String, pod: String, podUID: String, container: String, probe: String, result: Result, tries: Int) {
        self.namespace = namespace
        self.pod = pod
        self.podUID = podUID
        self.container = container
        self.probe = probe
        self.result = result
        self.tries = tries
    }
}

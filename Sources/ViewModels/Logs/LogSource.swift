package import APIMachinery

/// One container whose lines are in the log pane, and how it stands.
package struct LogSource: Sendable, Hashable {
    /// The container.
    package var target: LogTarget
    /// How it stands.
    package var state: LogState
    /// What its lines are labelled with when there are several sources: as short as tells them apart.
    package var label: String
    /// A source.
    package init(target: LogTarget, state: LogState = .loading, label: String = "") {
        self.target = target
        self.state = state
        self.label = label
    }

    /// Whether nothing more comes of it.
    var isOver: Bool {
        switch state {
        case .ended, .failed: true
        case .idle, .loading, .waiting, .live: false
        }
    }
}

/// Where pods are looked for whose logs are merged: all of a namespace that match.
package struct LogScope: Sendable, Hashable {
    /// The namespace; nil for all.
    package var namespace: String?
    /// Labels that match.
    package var labels: LabelSelector
    /// Field conditions, as a pod's name or node.
    package var fields: FieldSelector
    /// The pod's uid, where one pod is meant; a namesake is another.
    package var podUID: String?
    /// The uid of the CronJob whose Jobs' pods are meant.
    package var cronJobUID: String?
    /// A scope; by default every pod of the namespace.
    package init(
        namespace: String?, labels: LabelSelector = .everything, fields: FieldSelector = .everything, podUID: String? = nil,
        cronJobUID: String? = nil
    ) {
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
        self.podUID = podUID
        self.cronJobUID = cronJobUID
    }
}

/// Logs of many containers shown as one.
package struct LogMerge: Sendable, Hashable {
    /// What is shown: `deployment web`, `3 marked pods`.
    package var title: String
    /// Where its pods are.
    package var scopes: [LogScope]
    /// Containers of pods that were deleted before and would belong to it, as far as their nodes keep the logs; the newest pods first.
    package var gone: [LogTarget]
    /// A merge.
    package init(title: String, scopes: [LogScope], gone: [LogTarget] = []) {
        self.title = title
        self.scopes = scopes
        self.gone = gone
    }
}

/// How a daemon was asked to run.
struct DaemonOptions: Sendable {
    let directory: DataDirectory
    /// Wanted by a flag; a busy port is then an error.
    let apiPort: Int?
    /// How many nodes are wanted; nil leaves as many as there are.
    let nodes: Int?
    /// The port the cluster had may be replaced by a free one.
    let takesAnyPort: Bool
    /// How many nodes are pretended; nil for as many as before.
    let simulatedNodes: Int?
    let mergesKubeconfig: Bool
    /// Started in the background: logs go to the daemon's log file.
    let isDetached: Bool
    let announcement: Announcement
}

/// How the times of a log's lines are shown.
package enum LogTimes: String, Sendable, CaseIterable {
    /// Not at all.
    case off
    /// By this machine's clocks.
    case local
    /// In UTC, as the files of saved lines have them.
    case utc
    /// How long ago.
    case relative

    /// What a key goes on to.
    var next: LogTimes {
        switch self {
        case .off: .local
        case .local: .utc
        case .utc: .relative
        case .relative: .off
        }
    }

    /// What is said of it.
    var text: String {
        switch self {
        case .off: "no times"
        case .local: "times of this machine"
        case .utc: "times in UTC"
        case .relative: "how long ago"
        }
    }
}

import APIMachinery

/// Why a cluster does not say what its pods use.
package enum UsageGap: Sendable, Hashable {
    /// The server has no metrics API.
    case missing
    /// The user may not read it; the server's words.
    case forbidden(String)
    /// It does not answer; why.
    case failing(String)

    /// What an answer of the metrics API in place of figures means.
    init(_ error: any Error) {
        guard let status = error as? APIStatus else {
            self = .failing("\(error)")
            return
        }
        switch status.code {
        case 404: self = .missing
        case 401, 403: self = .forbidden(status.message)
        default: self = .failing(status.message)
        }
    }

    /// For the heading of a column.
    var heading: String {
        switch self {
        case .missing: "no metrics"
        case .forbidden: "forbidden"
        case .failing: "no answer"
        }
    }

    /// For a line about one of several clusters.
    var brief: String {
        switch self {
        case .missing: "no use is told: it has no metrics API (metrics.k8s.io)"
        case .forbidden(let words): "its use may not be read: \(words)"
        case .failing(let words): "no use is told: \(words)"
        }
    }

    /// For a text, with the remedy.
    var sentence: String {
        switch self {
        case .missing: "What pods use is not known: this server has no metrics API (metrics.k8s.io). metrics-server, installed in the cluster, brings it."
        case .forbidden(let words): "What pods use may not be read: \(words). It takes get and list on pods and nodes of metrics.k8s.io."
        case .failing(let words): "What pods use is not known: the metrics API does not answer (\(words)). kdash asks again."
        }
    }
}

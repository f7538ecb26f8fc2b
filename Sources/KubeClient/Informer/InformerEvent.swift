package import APIMachinery

/// A change of an informer's cache.
package enum InformerEvent: Sendable {
    /// The object is new in the cache.
    case added(KubeObject)
    /// The object changed; what it was before comes along.
    case updated(old: KubeObject, new: KubeObject)
    /// The object left the cache; this is the last state that was seen.
    case deleted(KubeObject)

    /// The object's newest state.
    package var object: KubeObject {
        switch self {
        case .added(let object), .updated(_, let object), .deleted(let object): object
        }
    }
}

/// How an informer stands with its server.
package enum InformerState: Sendable, Hashable {
    /// The first list has not arrived.
    case starting
    /// The cache follows the server.
    case following
    /// The server does not answer; the cache shows what was last seen.
    case failing(APIStatus)
}

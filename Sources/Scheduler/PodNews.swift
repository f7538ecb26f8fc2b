/// What a change of a pod means for those that wait.
package enum PodNews: Sendable, Hashable {
    /// Nothing.
    case nothing
    /// It got a node: pods that want to be near it may have a place.
    case placed
    /// Its labels are others, or it is on its way out: rules about other pods may be met now.
    case altered
    /// It left its node.
    case freed
}

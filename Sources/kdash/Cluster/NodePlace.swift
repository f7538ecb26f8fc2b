/// Names and places of the cluster's nodes.
enum NodePlace {
    /// The name of a node; the first is `kdash`, as a single machine should read well in `kubectl get nodes`.
    static func name(_ index: Int) -> String { index == 0 ? "kdash" : "kdash-\(index)" }
}

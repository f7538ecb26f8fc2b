import APIMachinery

/// An object that has the name of the one that a text was made from, which is gone.
struct Namesake: Sendable {
    /// The name of the document, by which its base is found.
    var title: String
    var object: KubeObject
}

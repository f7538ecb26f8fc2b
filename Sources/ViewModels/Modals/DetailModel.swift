/// A text about an object, over the panes: describe, why.
@MainActor package final class DetailModel {
    /// What it is.
    package let title: String
    /// The object; nil when it is about none.
    package let binding: ObjectBinding?
    /// The text.
    package var lines: [[TextSpan]] = []
    /// The first row on screen; the screen keeps it inside.
    package var top = 0
    /// Whether it follows the object.
    package var isLive = true
    /// Says that the object is gone.
    package var vanished: String?
    /// What is looked for, ignoring case.
    package var search = ""
    /// An empty text.
    package init(title: String, binding: ObjectBinding?) {
        self.title = title
        self.binding = binding
    }
}

/// A place in the text, in lines and characters from 0.
package struct TextPosition: Sendable, Hashable, Comparable {
    /// The line.
    package var line: Int
    /// The character in the line.
    package var column: Int
    /// A place.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
    package static func < (a: TextPosition, b: TextPosition) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// Where Apply goes; bound when the text was opened.
package struct EditorTarget: Sendable, Hashable {
    /// The object, or the namespace of a new one.
    package var binding: ObjectBinding
    /// The version that was opened; nil for a new object.
    package var resourceVersion: String?
    /// Whether the object does not exist yet.
    package var isNew: Bool
    /// The file that the text came from or was saved to; nil for none.
    package var file: FileOrigin?
    /// A target.
    package init(binding: ObjectBinding, resourceVersion: String? = nil, isNew: Bool = false, file: FileOrigin? = nil) {
        self.file = file
        self.binding = binding
        self.resourceVersion = resourceVersion
        self.isNew = isNew
    }
}

/// What the YAML pane is doing.
package enum EditorState: Sendable, Hashable {
    /// Nothing is shown; a hint.
    case empty(String)
    /// The object is being read.
    case loading
    /// The live object is shown and follows the cluster.
    case viewing
    /// A text is being written.
    case editing
    /// The server is asked what it would do.
    case checking
    /// It is being written.
    case applying
}

/// Where unsaved text stands.
package enum DraftState: Sendable, Hashable {
    /// Nothing is unsaved.
    case none
    /// On its way to the disk.
    case saving
    /// On the disk.
    case saved
    /// Not on the disk; why.
    case failed(String)
}

/// What is wrong at a line.
package struct Diagnostic: Sendable, Hashable {
    /// How bad it is.
    package enum Severity: Sendable { case error, warning }
    /// The line.
    package var line: Int
    /// The characters it is about; nil for the whole line.
    package var columns: Range<Int>?
    /// How bad it is.
    package var severity: Severity
    /// What is wrong, for people.
    package var message: String
    /// Changes that would take it away, best first.
    package var fixes: [QuickFix]
    /// A message.
    package init(line: Int, columns: Range<Int>? = nil, severity: Severity, message: String, fixes: [QuickFix] = []) {
        self.line = line
        self.columns = columns
        self.severity = severity
        self.message = message
        self.fixes = fixes
    }
}

/// Something that could be written.
package struct CompletionItem: Sendable, Hashable {
    /// What is inserted.
    package var text: String
    /// What it means.
    package var detail: String
    /// An item.
    package init(text: String, detail: String) {
        self.text = text
        self.detail = detail
    }
}

/// What could be written at the cursor.
package struct CompletionModel: Sendable, Hashable {
    /// The items, best first; never none.
    package var items: [CompletionItem]
    /// The item Enter takes.
    package var selected: Int
    /// Where what it replaces starts.
    package var start: TextPosition
    /// A popup.
    package init(items: [CompletionItem], selected: Int = 0, start: TextPosition) {
        self.items = items
        self.selected = selected
        self.start = start
    }
}

/// A motion of the editor's cursor.
package enum TextMotion: Sendable, Hashable {
    case left, right, up, down, wordLeft, wordRight, lineStart, lineEnd
    case pageUp(Int)
    case pageDown(Int)
    case documentStart, documentEnd
}

package struct TextPosition: Sendable, Hashable, Comparable {
    package var line: Int
    package var column: Int
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
    package static func < (a: TextPosition, b: TextPosition) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

package struct EditorTarget: Sendable, Hashable {
    package var binding: ObjectBinding
    package var resourceVersion: String?
    package var isNew: Bool
    package init(binding: ObjectBinding, resourceVersion: String? = nil, isNew: Bool = false) {
        self.binding = binding
        self.resourceVersion = resourceVersion
        self.isNew = isNew
    }
}

package enum EditorState: Sendable, Hashable { case empty(String), loading, viewing, editing, checking, applying }
package enum DraftState: Sendable, Hashable { case none, saving, saved, failed(String) }

package struct Diagnostic: Sendable, Hashable {
    package enum Severity: Sendable { case error, warning }
    package var line: Int
    package var columns: Range<Int>?
    package var severity: Severity
    package var message: String
    package init(line: Int, columns: Range<Int>? = nil, severity: Severity, message: String) {
        self.line = line
        self.columns = columns
        self.severity = severity
        self.message = message
    }
}

package struct CompletionItem: Sendable, Hashable {
    package var text: String
    package var detail: String
    package init(text: String, detail: String) {
        self.text = text
        self.detail = detail
    }
}

package struct CompletionModel: Sendable, Hashable {
    package var items: [CompletionItem]
    package var selected: Int
    package var start: TextPosition
    package init(items: [CompletionItem], selected: Int = 0, start: TextPosition) {
        self.items = items
        self.selected = selected
        self.start = start
    }
}

package enum TextMotion: Sendable, Hashable {
    case left, right, up, down, wordLeft, wordRight, lineStart, lineEnd, pageUp(Int), pageDown(Int), documentStart, documentEnd
}

package enum DiffKind: Sendable { case context, added, removed, header, note }
package struct DiffLine: Sendable, Hashable {
    package var kind: DiffKind
    package var text: String
    package init(kind: DiffKind, text: String) {
        self.kind = kind
        self.text = text
    }
}

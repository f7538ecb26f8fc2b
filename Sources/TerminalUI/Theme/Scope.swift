/// The semantic places a theme colours. A scope without an entry takes that of its parent (`status.error` → `status` → `text`).
enum Scope: String, Sendable, CaseIterable {
    case text
    case dim = "text.dim"
    case faint = "text.faint"
    case accent = "text.accent"
    case bar
    case barKey = "bar.key"
    case barContext = "bar.context"
    case barWritable = "bar.writable"
    case barProtected = "bar.protected"
    case barUnlocked = "bar.unlocked"
    case barBrowse = "bar.browse"
    case barType = "bar.type"
    case barStale = "bar.stale"
    case pane
    case paneRule = "pane.rule"
    case paneTitle = "pane.title"
    case paneTitleFocused = "pane.title.focused"
    case paneRuleFocused = "pane.rule.focused"
    case paneTab = "pane.tab"
    case paneDetail = "pane.detail"
    case tableHeader = "table.header"
    case tableHeaderSorted = "table.header.sorted"
    case tableCursor = "table.cursor"
    case tableCursorFocused = "table.cursor.focused"
    case tableSign = "table.sign"
    case tableMark = "table.mark"
    case tableChanged = "table.changed"
    case status
    case statusOK = "status.ok"
    case statusPending = "status.pending"
    case statusWarning = "status.warning"
    case statusError = "status.error"
    case statusDone = "status.done"
    case gauge
    case gaugeOK = "gauge.ok"
    case gaugeWarning = "gauge.warning"
    case gaugeCritical = "gauge.critical"
    case gaugeTrack = "gauge.track"
    case log
    case logTime = "log.time"
    case logError = "log.error"
    case logGap = "log.gap"
    case match = "search.match"
    case matchCurrent = "search.match.current"
    case yaml
    case yamlKey = "yaml.key"
    case yamlString = "yaml.string"
    case yamlNumber = "yaml.number"
    case yamlBool = "yaml.bool"
    case yamlNull = "yaml.null"
    case yamlComment = "yaml.comment"
    case yamlMark = "yaml.mark"
    case yamlAnchor = "yaml.anchor"
    case gutter
    case gutterCurrent = "gutter.current"
    case editorLine = "editor.line"
    case editorSelection = "editor.selection"
    case errorText = "diagnostic.error"
    case warningText = "diagnostic.warning"
    case diff
    case diffAdd = "diff.add"
    case diffRemove = "diff.remove"
    case diffHeader = "diff.header"
    case popup
    case popupBorder = "popup.border"
    case popupTitle = "popup.title"
    case popupSelected = "popup.selected"
    case popupKey = "popup.key"
    case popupDanger = "popup.danger"
    case popupMatch = "popup.match"
    case popupDisabled = "popup.disabled"
    case popupField = "popup.field"
    case toast
    case toastOK = "toast.ok"
    case toastWarning = "toast.warning"
    case toastError = "toast.error"
    case scrollbar

    /// The scope asked when this one has no entry.
    var parent: Scope? {
        var name = rawValue[...]
        while let dot = name.lastIndex(of: ".") {
            name = name[..<dot]
            if let scope = Scope(rawValue: String(name)) { return scope }
        }
        return self == .text ? nil : .text
    }
}

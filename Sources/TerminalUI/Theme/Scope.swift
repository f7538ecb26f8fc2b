/// The semantic places a theme colours. A scope without an entry takes that of its parent (`status.error` → `status` → `text`).
package enum Scope: String, Sendable, CaseIterable {
    case text, dim = "text.dim", faint = "text.faint", accent = "text.accent"
    case bar, barKey = "bar.key", barContext = "bar.context", barWritable = "bar.writable", barProtected = "bar.protected"
    case barBrowse = "bar.browse", barType = "bar.type", barStale = "bar.stale"
    case pane, paneRule = "pane.rule", paneTitle = "pane.title", paneTitleFocused = "pane.title.focused", paneRuleFocused = "pane.rule.focused"
    case paneTab = "pane.tab", paneDetail = "pane.detail"
    case tableHeader = "table.header", tableHeaderSorted = "table.header.sorted", tableCursor = "table.cursor"
    case tableCursorFocused = "table.cursor.focused", tableSign = "table.sign", tableMark = "table.mark", tableChanged = "table.changed"
    case status, statusOK = "status.ok", statusPending = "status.pending", statusWarning = "status.warning", statusError = "status.error"
    case statusDone = "status.done"
    case gauge, gaugeOK = "gauge.ok", gaugeWarning = "gauge.warning", gaugeCritical = "gauge.critical", gaugeTrack = "gauge.track"
    case log, logTime = "log.time", logError = "log.error", logGap = "log.gap"
    case match = "search.match", matchCurrent = "search.match.current"
    case yaml, yamlKey = "yaml.key", yamlString = "yaml.string", yamlNumber = "yaml.number", yamlBool = "yaml.bool", yamlNull = "yaml.null"
    case yamlComment = "yaml.comment", yamlMark = "yaml.mark", yamlAnchor = "yaml.anchor"
    case gutter, gutterCurrent = "gutter.current", editorLine = "editor.line", editorSelection = "editor.selection"
    case errorText = "diagnostic.error", warningText = "diagnostic.warning"
    case diff, diffAdd = "diff.add", diffRemove = "diff.remove", diffHeader = "diff.header"
    case popup, popupBorder = "popup.border", popupTitle = "popup.title", popupSelected = "popup.selected", popupKey = "popup.key"
    case popupDanger = "popup.danger", popupMatch = "popup.match", popupDisabled = "popup.disabled", popupField = "popup.field"
    case toast, toastOK = "toast.ok", toastWarning = "toast.warning", toastError = "toast.error"
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

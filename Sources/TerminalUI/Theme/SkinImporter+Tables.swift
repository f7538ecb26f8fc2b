/// What the keys of k9s's skins are here. Source: k9s internal/config/styles.go.
extension SkinImporter {
    /// A key of the skin, the scope it colours, and whether it is the ground. Later ones win.
    static let counterparts: [(leaf: String, scope: String, isBackground: Bool)] =
        foregrounds.map { ($0.0, $0.1, false) } + backgrounds.map { ($0.0, $0.1, true) }

    private static let foregrounds: [(String, String)] = [
        ("body.fgColor", "text"), ("body.fgColor", "pane"), ("body.logoColor", "text.accent"), ("body.logoColorMsg", "toast"),
        ("body.logoColorInfo", "toast.ok"), ("body.logoColorWarn", "toast.warning"), ("body.logoColorError", "toast.error"),
        ("prompt.border.default", "popup.border"), ("prompt.border.command", "popup.border"), ("views.picker.mainColor", "popup"),
        ("help.fgColor", "popup"), ("dialog.fgColor", "popup"), ("help.sectionColor", "popup.title"), ("dialog.labelFgColor", "popup.title"),
        ("views.picker.shortcutColor", "popup.key"), ("help.numKeyColor", "popup.key"), ("help.keyColor", "popup.key"),
        ("prompt.suggestColor", "popup.match"), ("prompt.fgColor", "popup.field"), ("dialog.fieldFgColor", "popup.field"),
        ("views.picker.focusColor", "popup.selected"), ("dialog.buttonFocusFgColor", "popup.selected"), ("info.fgColor", "bar"),
        ("frame.menu.fgColor", "bar"), ("info.sectionColor", "bar.context"), ("info.k9sRevColor", "bar.stale"), ("frame.menu.keyColor", "bar.key"),
        ("frame.menu.numKeyColor", "pane.tab"), ("dialog.buttonFgColor", "bar.browse"), ("frame.crumbs.fgColor", "bar.browse"),
        ("frame.title.fgColor", "pane.title"), ("frame.title.fgColor", "pane.title.focused"), ("frame.title.highlightColor", "pane.title.focused"),
        ("frame.title.counterColor", "pane.detail"), ("frame.title.filterColor", "search.match"), ("frame.border.fgColor", "pane.rule"),
        ("frame.border.focusColor", "pane.rule.focused"), ("frame.status.newColor", "status.ok"), ("frame.status.modifyColor", "table.changed"),
        ("frame.status.addColor", "diff.add"), ("frame.status.pendingColor", "status.pending"), ("frame.status.errorColor", "status.error"),
        ("frame.status.errorColor", "diagnostic.error"), ("frame.status.errorColor", "popup.danger"), ("frame.status.errorColor", "log.error"),
        ("frame.status.errorColor", "gauge.critical"), ("frame.status.highlightColor", "status.warning"),
        ("frame.status.highlightColor", "diagnostic.warning"), ("frame.status.highlightColor", "gauge.warning"),
        ("frame.status.killColor", "diff.remove"), ("frame.status.completedColor", "status.done"), ("views.table.fgColor", "status"),
        ("views.table.cursorFgColor", "table.cursor.focused"), ("views.table.markColor", "table.mark"),
        ("views.table.header.fgColor", "table.header"), ("views.table.header.sorterColor", "table.header.sorted"),
        ("views.table.header.selectedSortColumnColor", "table.header.sorted"), ("views.charts.defaultChartColors[0]", "gauge.ok"),
        ("views.charts.defaultDialColors[0]", "gauge.ok"), ("views.charts.defaultChartColors[1]", "gauge.critical"),
        ("views.charts.defaultDialColors[1]", "gauge.critical"), ("info.memColor", "gauge.ok"), ("info.cpuColor", "gauge.ok"),
        ("views.charts.resourceColors.memory[0]", "gauge.ok"), ("views.charts.resourceColors.cpu[0]", "gauge.ok"),
        ("views.charts.resourceColors.memory[1]", "gauge.warning"), ("views.charts.resourceColors.cpu[1]", "gauge.warning"),
        ("views.yaml.keyColor", "yaml.key"), ("views.yaml.colonColor", "yaml.mark"), ("views.yaml.valueColor", "yaml"),
        ("views.yaml.valueColor", "yaml.string"), ("views.yaml.valueColor", "yaml.number"), ("views.yaml.valueColor", "yaml.bool"),
        ("views.logs.fgColor", "log"), ("views.logs.indicator.fgColor", "log.time"), ("views.xray.graphicColor", "scrollbar"),
        ("views.xray.fgColor", "diff.header"),
    ]

    private static let backgrounds: [(String, String)] = [
        ("body.bgColor", "text"), ("help.bgColor", "popup"), ("dialog.bgColor", "popup"), ("prompt.bgColor", "popup.field"),
        ("dialog.buttonFocusBgColor", "popup.selected"), ("dialog.buttonBgColor", "bar.browse"), ("frame.crumbs.bgColor", "bar.browse"),
        ("frame.crumbs.activeColor", "bar.type"), ("views.table.bgColor", "pane"), ("views.table.cursorBgColor", "table.cursor.focused"),
        ("views.table.header.bgColor", "table.header"), ("views.logs.bgColor", "log"), ("frame.title.bgColor", "pane.title"),
    ]

    /// Styles that are more than colours keep what they are.
    static let attributes = [
        "status.error": "mono=bold", "table.cursor.focused": "mono=reverse", "popup.selected": "mono=reverse", "table.mark": "bold",
        "bar.browse": "bold mono=reverse", "pane.title.focused": "bold mono=bold+underline", "toast": "mono=reverse",
        "search.match": "mono=underline", "bar.context": "bold", "popup.match": "bold mono=bold+underline",
    ]

    /// Lists of colours.
    static let lists: [(leaf: String, count: Int)] = [
        ("views.charts.defaultDialColors", 2), ("views.charts.defaultChartColors", 2), ("views.charts.resourceColors.cpu", 2),
        ("views.charts.resourceColors.memory", 2),
    ]

    /// Switches of skins that are no colours.
    static let ignored: Set<String> = ["views.xray.showIcons"]

    /// Every key that holds a colour.
    static let leaves: [String] = groups.flatMap { group, names in names.split(separator: " ").map { "\(group).\($0)" } }

    private static let groups: [(String, String)] = [
        ("body", "fgColor bgColor logoColor logoColorMsg logoColorInfo logoColorWarn logoColorError"), ("prompt", "fgColor bgColor suggestColor"),
        ("prompt.border", "command default"), ("help", "fgColor bgColor sectionColor keyColor numKeyColor"),
        ("info", "sectionColor fgColor cpuColor memColor k9sRevColor"),
        ("dialog", "fgColor bgColor buttonFgColor buttonBgColor buttonFocusFgColor buttonFocusBgColor labelFgColor fieldFgColor"),
        ("frame.title", "fgColor bgColor highlightColor counterColor filterColor"), ("frame.border", "fgColor focusColor"),
        ("frame.menu", "fgColor fgStyle keyColor numKeyColor"), ("frame.crumbs", "fgColor bgColor activeColor"),
        ("frame.status", "newColor modifyColor addColor pendingColor errorColor highlightColor killColor completedColor"),
        ("views.table", "fgColor bgColor cursorFgColor cursorBgColor markColor"),
        ("views.table.header", "fgColor bgColor sorterColor selectedSortColumnColor"),
        ("views.xray", "fgColor bgColor cursorColor cursorTextColor graphicColor"),
        ("views.charts", "bgColor dialBgColor chartBgColor defaultDialColors defaultChartColors focusFgColor focusBgColor"),
        ("views.charts.resourceColors", "cpu memory"), ("views.yaml", "keyColor colonColor valueColor"),
        ("views.picker", "mainColor focusColor shortcutColor"), ("views.logs", "fgColor bgColor"),
        ("views.logs.indicator", "fgColor bgColor toggleOnColor toggleOffColor"),
    ]

    /// Every key, those that hold others too.
    static let names: [String] = {
        let branches = leaves.flatMap { leaf in
            let parts = leaf.split(separator: ".")
            return (1..<parts.count).map { parts.prefix($0).joined(separator: ".") }
        }
        return Set(branches).sorted() + leaves
    }()

    static func isLeaf(_ name: String) -> Bool { leaves.contains(name) }
    static func isBranch(_ name: String) -> Bool { leaves.contains { $0.hasPrefix("\(name).") } }
}

/// The settings files with every key in a comment: its default and what it means. `kdash config show` prints them, a test reads them.
package enum SettingsTemplate {
    /// A file's text; nil when there is no such file.
    package static func text(_ file: String) -> String? {
        switch file {
        case "screen.yaml": screen
        case "keys.yaml": keys
        case "hotkeys.yaml": hotkeys
        case "aliases.yaml": aliases
        case "views.yaml": views
        case "saved-views.yaml": savedViews
        case "jumps.yaml": jumps
        case "plugins.yaml": plugins
        default: nil
        }
    }

    private static let screen = """
        # How the screen looks and behaves. Read again whenever it is saved; `kdash config check` says what is wrong.

        # A theme of `kdash theme list`, `auto`, or one for dark and one for light terminals: {dark: dark, light: light}.
        #theme: auto

        # What the terminal's background is: auto asks it, dark when it does not answer.
        #background: auto

        # Which signs and lines are drawn: auto, unicode or ascii.
        #glyphs: auto

        # false leaves the mouse to the terminal, which then selects text with it.
        #mouse: true

        # Addresses (http, https) as links that the terminal opens: auto where it is known to understand them, on or off.
        #links: auto

        # true lets nothing light up or move by itself.
        #reduceMotion: false

        # The times of log lines: off, local (this machine's clocks), utc or relative (how long ago).
        #logTimes: off

        # true refuses every change, as --readonly does. Read when kdash starts.
        #readonly: false

        # Other themes for some contexts; * stands for any text, and the first that matches wins.
        #contexts:
        #  "*prod*":
        #    theme: contrast

        """

    private static let keys = """
        # Which keys mean what. docs/keys.md lists every command with its id.

        # k9s or vim.
        #set: k9s

        # Keys by command. A list gives several, [] none; keys after each other stand apart by spaces. Names: single characters, ctrl-x, alt-x,
        # f1 to f12, enter, tab, shift-tab, esc, space, backspace, delete, insert, home, end, pageup, pagedown, up, down, left, right.
        #commands:
        #  objects.describe: [d, "g h"]
        #  app.zoom: f11

        """

    private static let hotkeys = """
        # Keys that run a line as typed after ":". The format is that of k9s.

        #hotKeys:
        #  shop:
        #    shortCut: Shift-0
        #    description: The shop's namespace
        #    command: ns shop
        #    override: false

        """

    private static let aliases = """
        # Short names for lines that can be typed after ":". The format is that of k9s.

        #aliases:
        #  shop: ns shop

        """

    private static let views = """
        # Columns and order of a kind's table. The format is that of k9s: NAME, or NAME:.json.path, and |T time, N number, W only when wide,
        # H hidden, L left, R right.

        #views:
        #  v1/pods:
        #    sortColumn: AGE:desc
        #    columns: [NAME, STATUS, "ZONE:.metadata.labels.zone|W", AGE]

        """

    private static let savedViews = """
        # Views under a name, to be opened by it: a kind, namespaces (all when left out), filter, order, columns that are added, hidden or shown, and a
        # context (the shown one when left out); or two of them beside or below each other.

        #failing in shop:
        #  kind: pods
        #  namespaces: [shop]
        #  filter: is:failing
        #  sort: age:desc
        #  columns: ["ZONE:.metadata.labels.zone"]
        #  hidden: [ip]
        #  shown: [node]
        #shop and its events:
        #  beside: [{kind: pods, namespaces: [shop]}, {kind: events, namespaces: [shop], context: test}]
        #  share: 60

        """

    private static let jumps = """
        # Where Enter on an object of a kind leads: to objects of another kind that selectors find. The format is that of k9s; in braces stand
        # fields of the object.

        #jumps:
        #  argoproj.io/v1alpha1/rollouts:
        #    targetGVR: v1/pods
        #    labelSelector: app={{index .spec.selector.matchLabels "app"}}
        #    fieldSelector: status.phase=Running
        #    targetNamespace: "{{.metadata.namespace}}"

        """

    private static let plugins = """
        # Programs that run on the object under the cursor. The format is that of k9s; docs/configuration.md says what differs.

        #plugins:
        #  tree:
        #    shortCut: Ctrl-O
        #    description: Show the owner tree
        #    scopes: [deployments]
        #    command: kubectl
        #    args: [tree, deployment, $NAME, -n, $NAMESPACE, --context, $CONTEXT]
        #    confirm: false
        #    dangerous: false
        #    background: true

        """
}

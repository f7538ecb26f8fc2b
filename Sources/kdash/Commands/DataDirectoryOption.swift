import ArgumentParser

/// `--data-dir`, shared by every verb that works on a cluster of this machine.
struct DataDirectoryOption: ParsableArguments {
    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "The cluster's directory.",
            discussion: "Default: /var/lib/kdash for root, $XDG_DATA_HOME/kdash (~/.local/share/kdash) otherwise.",
            valueName: "directory"))
    var path: String?
}

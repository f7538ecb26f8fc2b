/// Whether a terminal is known to understand links in text (OSC 8). There is no way to ask one.
enum HyperlinkSupport {
    /// From what terminals leave in the environment. Source: https://github.com/Alhadis/OSC8-Adoption
    static func isKnown(term: String, _ variable: (String) -> String?) -> Bool {
        // Between the program and the real terminal stands another one, which has to pass them on.
        if variable("TMUX") != nil || variable("TERM_PROGRAM") == "tmux" {
            return variable("TERM_PROGRAM") == "tmux" && isAtLeast(variable("TERM_PROGRAM_VERSION"), [3, 4])
        }
        if variable("STY") != nil || term.hasPrefix("screen") || term.hasPrefix("tmux") { return false }
        if let vte = variable("VTE_VERSION").flatMap({ Int($0) }) { return vte >= 5000 }
        if let konsole = variable("KONSOLE_VERSION").flatMap({ Int($0) }) { return konsole >= 201_200 }
        if variable("WT_SESSION") != nil || variable("KITTY_WINDOW_ID") != nil || variable("ALACRITTY_WINDOW_ID") != nil { return true }
        if let program = variable("TERM_PROGRAM") { return ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "mintty"].contains(program) }
        return ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "contour", "wezterm"].contains { term == $0 || term.hasPrefix("\($0)-") }
    }

    private static func isAtLeast(_ version: String?, _ wanted: [Int]) -> Bool {
        guard let version else { return false }
        let parts = version.split(separator: ".").map { Int($0.prefix { $0.isASCII && $0.isNumber }) ?? 0 }
        for (index, number) in wanted.enumerated() {
            let own = index < parts.count ? parts[index] : 0
            if own != number { return own > number }
        }
        return true
    }
}

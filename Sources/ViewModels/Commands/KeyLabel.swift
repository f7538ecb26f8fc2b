/// Key names as people read them: `ctrl-d` is `Ctrl-d`, `D d` stays.
package enum KeyLabel {
    /// `ctrl-s` as `Ctrl-s`, `g D` as it is.
    package static func text(_ name: String) -> String {
        name.split(separator: " ").map { part in
            part.count == 1
                ? String(part)
                : part.split(separator: "-", omittingEmptySubsequences: false).map {
                    switch $0 {
                    case "pageup": "PgUp"
                    case "pagedown": "PgDn"
                    default: $0.count > 1 ? $0.capitalizedFirst : String($0)
                    }
                }.joined(separator: "-")
        }.joined(separator: " ")
    }
}

extension StringProtocol {
    /// With a capital at its start, and everything else as it is.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

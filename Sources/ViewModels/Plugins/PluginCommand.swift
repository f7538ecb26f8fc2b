/// A program with its arguments, ready to be started.
package struct PluginStage: Sendable, Hashable {
    /// The program's name, looked for in PATH, or its path.
    package var program: String
    /// Its arguments.
    package var arguments: [String]
}

/// Everything a plugin starts: programs joined by pipes, and what their environment has besides this process's.
package struct PluginCommand: Sendable, Hashable {
    /// Why it cannot be started.
    package struct Refusal: Error, Sendable, Hashable { package let message: String }

    /// The programs, the first one first.
    package var stages: [PluginStage]
    /// Variables for values that may not stand in a script's text.
    package var environment: [String: String] = [:]

    /// Puts values in the place of variables. Names that Kubernetes allows stand in any text as they are. Every other value could mean something
    /// to a shell: within a shell's script it is passed as an environment variable, to a program that takes no code as an argument of its own, and
    /// otherwise the plugin is refused. Throws what cannot be passed, or which variable is unknown.
    package init(_ plugin: Plugin, _ variables: PluginVariables) throws(Refusal) {
        stages = []
        try add(plugin.command, plugin.arguments, variables)
        for pipe in plugin.pipes {
            let words = Self.words(pipe)
            guard let program = words.first else { continue }
            try add(program, Array(words.dropFirst()), variables)
        }
    }

    private enum Place { case script, code, argument }

    private mutating func add(_ program: String, _ templates: [String], _ variables: PluginVariables) throws(Refusal) {
        let name = program.split(separator: "/").last.map(String.init) ?? program
        var arguments: [String] = []
        var scriptIsNext = false
        var hasScript = false
        for template in templates {
            let place: Place
            if Self.shells.contains(name), scriptIsNext {
                place = .script
                scriptIsNext = false
                hasScript = true
            } else {
                place = Self.takesCode(name, template, hasScript) ? .code : .argument
            }
            if Self.shells.contains(name), !hasScript, template.hasPrefix("-"), !template.hasPrefix("--"), template.hasSuffix("c") {
                scriptIsNext = true
            }
            arguments.append(try substitute(template, place, variables))
        }
        stages.append(PluginStage(program: program, arguments: arguments))
    }

    private static let shells: Set<String> = ["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"]
    /// They run their arguments as code, or hand them to a shell.
    private static let interpreters: Set<String> = [
        "fish", "csh", "tcsh", "nu", "pwsh", "python", "python3", "perl", "ruby", "node", "deno", "bun", "lua", "php", "awk", "gawk", "mawk", "sed",
        "jq", "yq", "env", "xargs", "watch", "ssh", "eval", "sudo", "doas", "su", "tmux", "screen", "script", "expect", "nohup", "timeout", "parallel",
        "find", "vim", "nvim", "vi", "emacs", "busybox", "toybox", "make", "git", "osascript", "time", "nice", "setsid", "stdbuf", "unshare", "nsenter",
    ]

    /// Whether a value in this argument may be read as code. What follows a shell's script are its parameters.
    private static func takesCode(_ name: String, _ template: String, _ hasScript: Bool) -> Bool {
        if shells.contains(name) { return !hasScript }
        return interpreters.contains(name) || template.contains { $0.isWhitespace || "'\"`\\;|&<>(){}*?#~".contains($0) }
    }

    private mutating func substitute(_ template: String, _ place: Place, _ variables: PluginVariables) throws(Refusal) -> String {
        var result = ""
        var rest = template[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isNegated = rest.first == "!"
            let name = isNegated ? rest.dropFirst() : rest
            guard let found = variables.match(name) else {
                if place == .argument, let unknown = Self.unknown(name) {
                    throw Refusal(message: "there is no $\(unknown)\(NearestName.question(unknown, in: variables.values.keys.sorted()))")
                }
                result += "$"
                continue
            }
            rest = name.dropFirst(found.length)
            result += try text(found.name, isNegated, place, variables)
        }
        return result + rest
    }

    /// A name that looks like one of k9s's variables.
    private static func unknown(_ text: Substring) -> String? {
        let name = text.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_" || $0 == "-") }
        return name.first?.isUppercase == true ? String(name) : nil
    }

    private mutating func text(_ name: String, _ isNegated: Bool, _ place: Place, _ variables: PluginVariables) throws(Refusal) -> String {
        var value = variables.values[name] ?? ""
        if isNegated {
            guard value == "true" || value == "false" else { throw Refusal(message: "$!\(name) turns true and false round, but $\(name) is \(value)") }
            value = value == "true" ? "false" : "true"
        }
        guard !value.utf8.contains(0) else { throw Refusal(message: "$\(name) holds a null character") }
        if PluginVariables.isPlain(value) { return value }
        switch place {
        case .argument where !value.hasPrefix("-"): return value
        case .script:
            let safe = "KDASH_" + String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
            environment[safe] = value
            return "${\(safe)}"
        case .argument, .code:
            throw Refusal(message: "$\(name) is \"\(value.prefix(40))\", which could be taken for code there; pass it in a script of sh -c")
        }
    }

    /// The words of a line; quotes keep words together.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }

    /// The command as a person would type it, for the question before it runs.
    package var shown: String {
        stages.map { stage in ([stage.program] + stage.arguments).map(Self.quoted).joined(separator: " ") }.joined(separator: " | ")
    }

    private static func quoted(_ word: String) -> String {
        if !word.isEmpty, PluginVariables.isPlain(word) || word.hasPrefix("-") && PluginVariables.isPlain(String(word.drop { $0 == "-" })) { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

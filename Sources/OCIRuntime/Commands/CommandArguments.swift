/// What stands on a command line, read as runc and crun read theirs: `--name value`, `--name=value`, `-n value`, short flags together, and `--`.
struct CommandArguments {
    /// An option that a command knows.
    struct Option: Sendable {
        let name: String
        let short: Character?
        /// What help calls the value; nil for a flag.
        let value: String?
        /// What it is for; nil for what is taken from engines and changes nothing, which help leaves out.
        let does: String?

        var takesValue: Bool { value != nil }
        /// As help shows it: `-b, --bundle DIR`.
        var usage: String { "\(short.map { "-\($0), " } ?? "")--\(name)\(value.map { " \($0)" } ?? "")" }

        static func flag(_ name: String, _ short: Character? = nil, does: String? = nil) -> Option {
            Option(name: name, short: short, value: nil, does: does)
        }
        static func value(_ name: String, _ short: Character? = nil, _ value: String = "VALUE", does: String? = nil) -> Option {
            Option(name: name, short: short, value: value, does: does)
        }
    }

    private(set) var values: [String: [String]] = [:]
    private(set) var flags: Set<String> = []
    /// Everything from the first word that is no option, or all words that are none.
    private(set) var words: [String] = []

    /// Reads `arguments`. `stopsAtWord`: what follows the first word belongs to something else (a subcommand, a program); otherwise options may
    /// stand behind words, too. `wordsBefore` so many words come before that rule.
    init(_ arguments: ArraySlice<String>, _ options: [Option], stopsAtWord: Bool = false, wordsBefore: Int = 0) throws(OCIError) {
        var rest = arguments
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                return
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                words.append(argument)
                if stopsAtWord, words.count > wordsBefore {
                    words += rest
                    return
                }
                continue
            }
            if argument.hasPrefix("--") { try readLong(argument.dropFirst(2), &rest, options) } else { try readShort(argument.dropFirst(), &rest, options) }
        }
    }

    private mutating func readLong(_ text: Substring, _ rest: inout ArraySlice<String>, _ options: [Option]) throws(OCIError) {
        let equals = text.firstIndex(of: "=")
        let name = String(equals.map { text[..<$0] } ?? text)
        guard let option = options.first(where: { $0.name == name }) else { throw OCIError(.usage, "unknown option `--\(name)`") }
        let attached = equals.map { String(text[text.index(after: $0)...]) }
        guard option.takesValue else {
            guard attached == nil || attached == "true" || attached == "false" else { throw OCIError(.usage, "option `--\(name)` takes no value") }
            if attached != "false" { flags.insert(name) }
            return
        }
        guard let value = attached ?? rest.popFirst() else { throw OCIError(.usage, "option `--\(name)` needs a value") }
        values[name, default: []].append(value)
    }

    private mutating func readShort(_ text: Substring, _ rest: inout ArraySlice<String>, _ options: [Option]) throws(OCIError) {
        var letters = text
        while let letter = letters.popFirst() {
            guard let option = options.first(where: { $0.short == letter }) else { throw OCIError(.usage, "unknown option `-\(letter)`") }
            guard option.takesValue else {
                flags.insert(option.name)
                continue
            }
            if letters.first == "=" { letters.removeFirst() }
            guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else { throw OCIError(.usage, "option `-\(letter)` needs a value") }
            values[option.name, default: []].append(value)
            return
        }
    }

    func has(_ name: String) -> Bool { flags.contains(name) }
    func last(_ name: String) -> String? { values[name]?.last }
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// The value of an option as a whole number.
    func number(_ name: String) throws(OCIError) -> Int64? {
        guard let text = last(name) else { return nil }
        guard let number = Int64(text) else { throw OCIError(.usage, "option `--\(name)` needs a whole number, not `\(text)`") }
        return number
    }

    /// The one word that a command takes.
    func onlyWord(_ what: String) throws(OCIError) -> String {
        guard words.count == 1 else {
            throw OCIError(.usage, words.isEmpty ? "\(what) is missing" : "one \(what) is expected, not `\(words.joined(separator: " "))`")
        }
        return words[0]
    }
}

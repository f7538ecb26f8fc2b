import JSONCore

/// One settings file while it is read. It collects every problem, so that all of them can be mended at once. Never leaves the function that made it.
final class SettingsFile {
    /// The file's path.
    let path: String
    private let document: YAMLDocument?
    private(set) var problems: [SettingsProblem] = []
    /// More than anybody reads.
    private static let maximumProblems = 100
    /// A settings file is written by hand.
    static let maximumBytes = 1 << 20

    /// Reads the text; text that is no YAML is one problem and an empty file.
    init(path: String, bytes: [UInt8]) {
        self.path = path
        do throws(YAMLError) {
            document = try YAML.parseSingle(bytes)
        } catch {
            document = nil
            problems = [SettingsProblem(file: path, line: error.mark.line + 1, message: error.message)]
        }
    }

    /// The whole document.
    var root: SettingsNode { SettingsNode(value: document?.value ?? .null, pointer: .root, file: self) }

    /// The line, from 1, of a value, or of its key.
    func line(_ pointer: JSONPointer, ofKey: Bool = false) -> Int {
        guard let document else { return 1 }
        let mark = ofKey ? document.keyMark(of: pointer) ?? document.nearestMark(of: pointer) : document.mark(of: pointer)
        return (mark ?? document.nearestMark(of: pointer)).line + 1
    }

    func report(_ message: String, at pointer: JSONPointer, ofKey: Bool = false) {
        guard problems.count < Self.maximumProblems else { return }
        problems.append(SettingsProblem(file: path, line: line(pointer, ofKey: ofKey), message: message))
    }
}

/// A value of a settings file. Reading it as what it is not reports a problem and gives nil, so that a default takes its place.
struct SettingsNode {
    let value: JSONValue
    let pointer: JSONPointer
    let file: SettingsFile

    /// What problems call it: `contexts.prod.theme`.
    var name: String { pointer.tokens.joined(separator: ".") }
    /// The line, from 1.
    var line: Int { file.line(pointer) }
    /// The line of its key, from 1.
    var keyLine: Int { file.line(pointer, ofKey: true) }

    func report(_ message: String) { file.report("\(name.isEmpty ? "" : "\(name): ")\(message)", at: pointer) }

    /// Says that the value is none of what is allowed.
    func refuse(_ allowed: String) { report("\(shown) is not \(allowed)") }

    private var shown: String {
        switch value {
        case .object: "a map"
        case .array: "a list"
        default: String(value.description.prefix(60))
        }
    }

    /// The members of a map, in their order; with `known`, others are problems.
    func members(known: [String]? = nil) -> [(key: String, node: SettingsNode)] {
        if value.isNull { return [] }
        guard let object = value.objectValue else {
            refuse("a map\(known.map { " of \($0.joined(separator: ", "))" } ?? "")")
            return []
        }
        var result: [(key: String, node: SettingsNode)] = []
        for member in object {
            let node = SettingsNode(value: member.value, pointer: pointer.appending(member.key), file: file)
            if let known, !known.contains(member.key) {
                let place = name.isEmpty ? "" : " in \(name)"
                file.report(
                    "unknown key \(member.key)\(place)\(NearestName.question(member.key, in: known)); known are \(known.joined(separator: ", "))",
                    at: node.pointer, ofKey: true)
            } else {
                result.append((member.key, node))
            }
        }
        return result
    }

    /// The elements of a list; a single value stands for a list of one.
    func elements() -> [SettingsNode] {
        switch value {
        case .null: []
        case .array(let values): values.enumerated().map { SettingsNode(value: $1, pointer: pointer.appending($0), file: file) }
        default: [self]
        }
    }

    func flag() -> Bool? {
        if value.isNull { return nil }
        if let flag = value.boolValue { return flag }
        refuse("true or false")
        return nil
    }

    /// A text; numbers and truth values are texts as they are written.
    func text(_ allowed: String = "a text") -> String? {
        switch value {
        case .null: return nil
        case .string(let text): return text
        case .integer, .double, .bool: return value.description
        case .array, .object:
            refuse(allowed)
            return nil
        }
    }

    /// The texts of a list, or one text.
    func texts(_ allowed: String = "a text") -> [String] { elements().compactMap { $0.text(allowed) } }

    /// One of a few words.
    func choice<T: RawRepresentable & CaseIterable>(_ type: T.Type) -> T? where T.RawValue == String {
        guard let text = text("one of \(Self.words(T.self))") else { return nil }
        if let found = T(rawValue: text) { return found }
        refuse("one of \(Self.words(T.self))\(NearestName.question(text, in: T.allCases.map(\.rawValue)))")
        return nil
    }

    private static func words<T: RawRepresentable & CaseIterable>(_ type: T.Type) -> String where T.RawValue == String {
        T.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

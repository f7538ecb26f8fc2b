import Glibc
import JSONCore
import LinuxKernel

/// Changes one value of a settings file; comments, order and everything else stay.
enum SettingsEditor {
    /// A key, and its new value; nil takes the key out.
    typealias Change = (key: String, yaml: String?)

    /// Makes changes in a file, which is made when there is none: all of them in one write. A link is followed: settings are often kept elsewhere.
    /// Blocking. Throws what is wrong with the file, which stays as it was.
    static func set(_ changes: [Change], in path: String) throws(SettingsProblem) {
        let target = FileSystem.truePath(path)
        do throws(SystemError) {
            try FileSystem.makeDirectories(FileSystem.directory(of: path), mode: 0o755)
            let status = FileSystem.exists(target) ? try FileSystem.status(target) : nil
            let bytes = status == nil ? [] : try FileSystem.readFile(target, limit: SettingsFile.maximumBytes)
            var text = String(decoding: bytes, as: UTF8.self)
            for change in changes {
                guard let next = change.yaml.map({ changed(text, change.key, to: $0) }) ?? removed(text, change.key) else {
                    throw SystemError(call: "parse", errno: EINVAL, arguments: path, detail: "mend the file first")
                }
                text = next
            }
            try FileSystem.writeAtomically(target, Array(text.utf8), mode: status.map { $0.st_mode & 0o777 } ?? 0o644)
        } catch {
            throw SettingsProblem(file: path, line: 0, message: "cannot be changed: \(error)")
        }
    }

    /// The text with the value changed; nil when it is no YAML, or would be none.
    static func changed(_ text: String, _ key: String, to yaml: String) -> String? {
        // Not an error to throw: the caller names the file.
        guard let document = try? YAML.parseSingle(text), document.value.isNull || document.value.objectValue != nil else { return nil }
        let pointer = JSONPointer([key])
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if let first = document.keyMark(of: pointer)?.line, let last = document.lastMark(of: pointer)?.line {
            guard lines.indices.contains(first), lines.indices.contains(last), first <= last else { return nil }
            let comment = first == last ? trailingComment(lines[first]) : ""
            lines.replaceSubrange(first...last, with: ["\(written(key)): \(yaml)\(comment)"])
        } else {
            if lines.last == "" { lines.removeLast() }
            lines += ["\(written(key)): \(yaml)", ""]
        }
        let result = lines.joined(separator: "\n")
        // Nor here: what would be no YAML is not written.
        guard let again = try? YAML.parseSingle(result), let wanted = try? YAML.parseSingle(yaml), again.value[key] == wanted.value else {
            return nil
        }
        return result
    }

    /// The text without a key and its value; nil when it is no YAML.
    static func removed(_ text: String, _ key: String) -> String? {
        // Not an error to throw: the caller names the file.
        guard let document = try? YAML.parseSingle(text), document.value.isNull || document.value.objectValue != nil else { return nil }
        let pointer = JSONPointer([key])
        guard let first = document.keyMark(of: pointer)?.line, let last = document.lastMark(of: pointer)?.line else { return text }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.indices.contains(first), lines.indices.contains(last), first <= last else { return nil }
        lines.removeSubrange(first...last)
        let result = lines.joined(separator: "\n")
        var wanted = document.value.objectValue ?? JSONObject()
        wanted.removeValue(forKey: key)
        // Nor here: what would be no YAML is not written.
        guard let again = try? YAML.parseSingle(result), again.value.objectValue ?? JSONObject() == wanted else { return nil }
        return result
    }

    /// A key as it stands in a file: quoted unless nothing else could be meant.
    private static func written(_ key: String) -> String {
        let isPlain = key.first?.isLetter == true && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        let isWord = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(key.lowercased())
        return isPlain && !isWord ? key : String(decoding: JSON.encode(.string(key)), as: UTF8.self)
    }

    /// ` # why`, when a line ends so.
    private static func trailingComment(_ line: String) -> String {
        guard let sign = line.indices.dropFirst().first(where: { line[$0] == "#" && line[line.index(before: $0)] == " " }) else { return "" }
        let value = line[..<sign]
        return value.contains("\"") || value.contains("'") ? "" : "  " + line[sign...]
    }
}

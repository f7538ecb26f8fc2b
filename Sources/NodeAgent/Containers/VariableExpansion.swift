/// Replaces `$(NAME)` in commands, arguments and environment values.
///
/// `$$` is a literal `$`, so `$$(NAME)` stays as `$(NAME)`; a name that is not defined stays as written.
/// Source: Container.command and EnvVar.value.
enum VariableExpansion {
    static func expand(_ text: String, with variables: [String: String]) -> String {
        expand(text) { variables[$0] }
    }

    private static func expand(_ text: String, value: (String) -> String?) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "$"), position + 1 < bytes.count else {
                output.append(bytes[position])
                position += 1
                continue
            }
            switch bytes[position + 1] {
            case UInt8(ascii: "$"):
                output.append(UInt8(ascii: "$"))
                position += 2
            case UInt8(ascii: "("):
                guard let close = bytes[(position + 2)...].firstIndex(of: UInt8(ascii: ")")) else {
                    output.append(contentsOf: bytes[position...])
                    return String(decoding: output, as: UTF8.self)
                }
                let name = String(decoding: bytes[(position + 2)..<close], as: UTF8.self)
                if let found = value(name) {
                    output.append(contentsOf: found.utf8)
                } else {
                    output.append(contentsOf: bytes[position...close])
                }
                position = close + 1
            default:
                output.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// As ``expand(_:with:)``, but nil when a name is not defined.
    static func expandAll(_ text: String, with variables: [String: String]) -> String? {
        var isComplete = true
        let expanded = expand(text) { name in
            if variables[name] == nil { isComplete = false }
            return variables[name]
        }
        return isComplete ? expanded : nil
    }
}

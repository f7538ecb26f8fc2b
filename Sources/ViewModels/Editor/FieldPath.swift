import JSONCore

/// Field paths as Kubernetes writes them in messages.
enum FieldPath {
    /// `spec.containers[0].ports[1]`, `metadata.labels[example.com/x]` as a pointer.
    static func pointer(_ text: String) -> JSONPointer {
        var tokens: [String] = []
        var token = ""
        var isBracketed = false
        func end() {
            if !token.isEmpty { tokens.append(token) }
            token = ""
        }
        for character in text {
            switch character {
            case "." where !isBracketed: end()
            case "[" where !isBracketed:
                end()
                isBracketed = true
            case "]" where isBracketed:
                end()
                isBracketed = false
            default: token.append(character)
            }
        }
        end()
        return JSONPointer(tokens)
    }

    /// The paths a strict decoding error names: `unknown field "spec.foo"`, `duplicate field "spec.bar"`.
    static func named(in message: String) -> [(path: String, text: String)] {
        var found: [(String, String)] = []
        for word in ["unknown field \"", "duplicate field \""] {
            var rest = message[...]
            while let start = rest.firstRange(of: word) {
                let after = rest[start.upperBound...]
                guard let end = after.firstIndex(of: "\"") else { break }
                found.append((String(after[..<end]), "\(word)\(after[..<end])\""))
                rest = after[end...]
            }
        }
        return found
    }
}

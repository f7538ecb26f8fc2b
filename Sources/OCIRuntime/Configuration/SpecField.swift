internal import JSONCore

/// A place in a JSON document with its name for messages. What is absent and what is null is the same.
struct SpecField {
    /// For example `process.rlimits[0].type`; empty for the whole document.
    let path: String
    let value: JSONValue?

    init(path: String, value: JSONValue?) {
        self.path = path
        self.value = value?.isNull == true ? nil : value
    }

    var isPresent: Bool { value != nil }

    func fault(_ problem: String) -> OCIError { OCIError(.invalidConfiguration, "config.json: \(path.isEmpty ? "the document" : path) \(problem)") }

    private func wrong(_ wanted: String) -> OCIError { fault("must be \(wanted), not \(value?.kindName ?? "absent")") }

    /// A member of an object; absent when this is absent.
    func member(_ key: String) throws(OCIError) -> SpecField {
        let path = path.isEmpty ? key : "\(self.path).\(key)"
        guard let value else { return SpecField(path: path, value: nil) }
        guard case .object(let members) = value else { throw wrong("an object") }
        return SpecField(path: path, value: members[key])
    }

    /// The elements of an array; none when absent.
    func elements() throws(OCIError) -> [SpecField] {
        guard let value else { return [] }
        guard case .array(let elements) = value else { throw wrong("an array") }
        return elements.enumerated().map { SpecField(path: "\(path)[\($0.offset)]", value: $0.element) }
    }

    /// The members of an object in their order; none when absent.
    func members() throws(OCIError) -> [(key: String, field: SpecField)] {
        guard let value else { return [] }
        guard case .object(let members) = value else { throw wrong("an object") }
        return members.map { ($0.key, SpecField(path: "\(path).\($0.key)", value: $0.value)) }
    }

    func text() throws(OCIError) -> String? {
        guard let value else { return nil }
        guard case .string(let text) = value else { throw wrong("a string") }
        guard !text.utf8.contains(0) else { throw fault("contains a NUL character") }
        return text
    }

    func requiredText() throws(OCIError) -> String {
        guard let text = try text() else { throw fault("is required") }
        guard !text.isEmpty else { throw fault("must not be empty") }
        return text
    }

    func flag() throws(OCIError) -> Bool? {
        guard let value else { return nil }
        guard case .bool(let flag) = value else { throw wrong("true or false") }
        return flag
    }

    func integer(_ range: ClosedRange<Int64> = .min ... .max) throws(OCIError) -> Int64? {
        guard let value else { return nil }
        guard let number = value.integerValue else { throw wrong("a whole number of 64 bits") }
        guard range.contains(number) else { throw fault("is \(number), which is not between \(range.lowerBound) and \(range.upperBound)") }
        return number
    }

    /// 64 bits without a sign. The largest ones, which JSON's readers round, mean the largest of all.
    func unsigned() throws(OCIError) -> UInt64? {
        guard let value else { return nil }
        if let number = value.integerValue, number >= 0 { return UInt64(number) }
        guard let number = value.doubleValue, number >= 0 else { throw wrong("a whole number that is not negative") }
        if number >= 0x1p64 {
            guard number == 0x1p64 else { throw fault("is larger than 64 bits hold") }
            return .max
        }
        guard let exact = UInt64(exactly: number) else { throw wrong("a whole number") }
        return exact
    }

    /// A user or group: 32 bits without a sign, and not the one that means "none".
    func id() throws(OCIError) -> UInt32? { try integer(0...0xffff_fffe).map { UInt32($0) } }

    func texts() throws(OCIError) -> [String] {
        var texts: [String] = []
        for element in try elements() {
            guard let text = try element.text() else { throw element.fault("must be a string") }
            texts.append(text)
        }
        return texts
    }

    /// Members whose values are strings.
    func textMembers() throws(OCIError) -> [(key: String, value: String)] {
        var result: [(key: String, value: String)] = []
        for (key, field) in try members() {
            guard let text = try field.text() else { throw field.fault("must be a string") }
            guard !key.utf8.contains(0) else { throw field.fault("contains a NUL character") }
            result.append((key, text))
        }
        return result
    }
}

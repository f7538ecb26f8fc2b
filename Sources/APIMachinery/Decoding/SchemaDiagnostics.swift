package import JSONCore

/// What an editor shows beside a line.
package struct SchemaDiagnostic: Sendable, Hashable {
    /// How bad it is.
    package enum Severity: Int, Sendable, Hashable, Comparable {
        /// The server will accept it, but it is probably not what was meant.
        case warning
        /// The server will refuse it.
        case error

        /// Warnings come before errors.
        package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    /// The place; for a missing field the object that lacks it.
    package let pointer: JSONPointer
    /// What is wrong, for people.
    package let message: String
    /// How bad it is.
    package let severity: Severity
}

/// Checks an object while it is being written.
package enum SchemaDiagnostics {
    /// Everything that decoding and checking find wrong, in the order of the walk. Never stops at the first fault.
    package static func check(_ value: JSONValue, type: TypeSchema) -> [SchemaDiagnostic] {
        guard case .object(let object) = value else {
            return [
                SchemaDiagnostic(pointer: .root, message: "expected \(type.shortName), found \(value.kindName)", severity: .error)
            ]
        }
        var decoding = DecodingWalker(reportsUnknown: true, collects: true)
        var decoded = value
        do throws(DecodingFailure) {
            if case .replaced(let changed) = try decoding.convert(object, type) { decoded = changed }
        } catch {
            return [SchemaDiagnostic(pointer: .root, message: error.message, severity: .error)]
        }
        var found = decoding.faults.map { SchemaDiagnostic(pointer: $0.pointer, message: $0.message, severity: .error) }
        let faulty = Set(found.map(\.pointer))
        SchemaDecoder.applyDefaults(&decoded, type: type)
        if case .object(let complete) = decoded {
            var structure = StructuralWalker()
            structure.check(complete, type)
            for finding in structure.findings where !faulty.contains(finding.pointer) {
                found.append(diagnostic(finding, in: value))
            }
        }
        found += warnings(value, .object(type), JSONPointer())
        return found
    }

    /// A missing field is shown at the nearest object that is there.
    private static func diagnostic(_ finding: StructuralWalker.Finding, in value: JSONValue) -> SchemaDiagnostic {
        guard finding.error.kind == .required, value[pointer: finding.pointer] == nil else {
            return SchemaDiagnostic(pointer: finding.pointer, message: finding.error.body, severity: .error)
        }
        var place = finding.pointer
        while let parent = place.parent {
            place = parent
            if value[pointer: place] != nil { break }
        }
        let missing = finding.pointer.tokens.dropFirst(place.tokens.count)
        let name = JSONPointer(Array(missing)).fieldPath
        return SchemaDiagnostic(pointer: place, message: "\(name) is required", severity: .error)
    }

    /// Deprecated fields, and list items whose keys repeat where the server does not refuse them.
    private static func warnings(_ value: JSONValue, _ type: FieldType, _ place: JSONPointer) -> [SchemaDiagnostic] {
        var found: [SchemaDiagnostic] = []
        switch (type, value) {
        case (.object(let inner), .object(let object)):
            for member in object {
                guard let field = inner.field(member.key) else { continue }
                let here = place.appending(member.key)
                if field.isDeprecated {
                    found.append(
                        SchemaDiagnostic(pointer: here, message: "\(member.key) is deprecated", severity: .warning))
                }
                if field.listType == .map, !field.isUnique, case .array(let elements) = member.value {
                    found += repeated(elements, field, here)
                }
                found += warnings(member.value, field.type, here)
            }
        case (.array(let element), .array(let elements)) where element.objectType != nil:
            for (index, item) in elements.enumerated() { found += warnings(item, element, place.appending(index)) }
        case (.map(let inner), .object(let object)) where inner.objectType != nil:
            for member in object { found += warnings(member.value, inner, place.appending(member.key)) }
        default: break
        }
        return found
    }

    private static func repeated(_ elements: [JSONValue], _ field: FieldSchema, _ place: JSONPointer) -> [SchemaDiagnostic] {
        var seen: [JSONValue: Int] = [:]
        var found: [SchemaDiagnostic] = []
        for (index, element) in elements.enumerated() {
            let identity = ListIdentity.identity(of: element, field)
            if let first = seen[identity] {
                let keys = field.mapKeys.joined(separator: " and ")
                let message = "same \(keys) as item \(first + 1), which this one hides"
                found.append(SchemaDiagnostic(pointer: place.appending(index), message: message, severity: .warning))
            } else {
                seen[identity] = index
            }
        }
        return found
    }
}

import APIMachinery
import JSONCore
import KubeSchemas

/// A text of one or more manifests, parsed and compared with the schemas. Made off the main actor.
struct Manifest: Sendable {
    /// One document of the text.
    struct Document: Sendable {
        let yaml: YAMLDocument
        let object: KubeObject
        /// Nil when kdash does not know the kind.
        let descriptor: ResourceDescriptor?
    }

    private(set) var documents: [Document] = []
    /// Whether there is something, all of it was read, and kdash knows where each document goes.
    private(set) var isRoutable = false
    private(set) var diagnostics: [Diagnostic] = []

    /// Whether the server would surely refuse it.
    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// `known` are objects as they are in the cluster: nobody is warned of what the server itself put there.
    init(_ text: String, known: [JSONValue] = []) {
        let parsed: [YAMLDocument]
        do throws(YAMLError) {
            parsed = try YAML.parse(text)
        } catch {
            diagnostics = [Diagnostic(line: error.mark.line, severity: .error, message: error.message)]
            return
        }
        let written = parsed.filter { !$0.value.isNull }
        for yaml in written { read(yaml, known) }
        isRoutable = !written.isEmpty && documents.count == written.count && documents.allSatisfy { $0.descriptor != nil }
        diagnostics.sort { ($0.line, $0.severity == .error ? 0 : 1) < ($1.line, $1.severity == .error ? 0 : 1) }
    }

    /// Where a field stands, or the nearest object that could hold it.
    static func line(of pointer: JSONPointer, in yaml: YAMLDocument) -> Int { yaml.nearestMark(of: pointer).line }

    private mutating func read(_ yaml: YAMLDocument, _ known: [JSONValue]) {
        guard yaml.value.objectValue != nil else {
            add(yaml, .root, "expected an object with apiVersion and kind, found \(yaml.value.kindName)")
            return
        }
        let object = KubeObject(yaml.value)
        if object.kind == "List", let items = yaml.value["items"]?.arrayValue {
            add(yaml, JSONPointer(["kind"]), "write the \(items.count) items as documents separated by ---")
            return
        }
        guard !object.kind.isEmpty, !object.apiVersion.isEmpty else {
            add(yaml, .root, object.kind.isEmpty ? "kind is required" : "apiVersion is required")
            return
        }
        let descriptor = builtinSchemas.resource(kind: object.gvk)
        documents.append(Document(yaml: yaml, object: object, descriptor: descriptor))
        guard let descriptor else {
            let known = builtinSchemas.resources.first { $0.kind == object.kind }
            let pointer = JSONPointer([known == nil ? "kind" : "apiVersion"])
            add(
                yaml, pointer,
                known.map { "\(object.kind) is in \($0.groupVersion.apiVersion)" }
                    ?? "kdash does not know the kind \(object.kind) in \(object.apiVersion)")
            return
        }
        let live = known.first { $0["kind"] == yaml.value["kind"] && $0["metadata", "name"] == yaml.value["metadata", "name"] }
        for found in SchemaDiagnostics.check(yaml.value, type: descriptor.type) {
            if found.severity == .warning, let live, live[pointer: found.pointer] == yaml.value[pointer: found.pointer] { continue }
            diagnostics.append(Self.diagnostic(found.pointer, found.message, found.severity == .error ? .error : .warning, yaml))
        }
        if object.name.isEmpty, object.generateName.isEmpty { add(yaml, JSONPointer(["metadata"]), "metadata.name is required") }
    }

    private mutating func add(_ yaml: YAMLDocument, _ pointer: JSONPointer, _ message: String) {
        diagnostics.append(Self.diagnostic(pointer, message, .error, yaml))
    }

    /// A message at a field's key, or its value in a list.
    static func diagnostic(_ pointer: JSONPointer, _ message: String, _ severity: Diagnostic.Severity, _ yaml: YAMLDocument) -> Diagnostic {
        guard let mark = yaml.keyMark(of: pointer), let key = pointer.tokens.last else {
            return Diagnostic(
                line: yaml.mark(of: pointer)?.line ?? yaml.nearestMark(of: pointer).line, severity: severity, message: message)
        }
        return Diagnostic(line: mark.line, columns: mark.column..<(mark.column + key.count), severity: severity, message: message)
    }

    /// What a refusal says, at the lines it is about; the second part is what has no line.
    static func place(_ status: APIStatus, in yaml: YAMLDocument) -> (lines: [Diagnostic], rest: [String]) {
        let causes = (status.details?.causes ?? []).filter { !$0.field.isEmpty && $0.field != "<nil>" }
        if !causes.isEmpty {
            return (causes.map { diagnostic(FieldPath.pointer($0.field), $0.message, .error, yaml) }, [])
        }
        let named = FieldPath.named(in: status.message)
        guard named.isEmpty else { return (named.map { diagnostic(FieldPath.pointer($0.path), $0.text, .error, yaml) }, []) }
        return ([], [status.message])
    }
}

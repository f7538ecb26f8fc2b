import APIMachinery
import JSONCore
import KubeSchemas

/// A text of one or more manifests, parsed and compared with the schemas. Made off the main actor.
struct Manifest: Sendable {
    /// One document of the text.
    struct Document: Sendable {
        let yaml: YAMLDocument
        let object: KubeObject
        /// Nil when nobody knows the kind.
        let descriptor: ResourceDescriptor?
    }

    private(set) var documents: [Document] = []
    /// Whether there is something, all of it was read, and it is known where each document goes.
    private(set) var isRoutable = false
    private(set) var diagnostics: [Diagnostic] = []
    private let lines: [String]
    private var schemas: SchemaRegistry

    /// Whether the server would surely refuse it.
    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// `known` are objects as they are in the cluster: nobody is warned of what the server itself put there.
    init(_ text: String, known: [JSONValue] = [], schemas: SchemaRegistry = builtinSchemas) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.schemas = schemas
        if let marker = ConflictMarkers.first(in: lines) {
            diagnostics = [Diagnostic(line: marker, severity: .error, message: ConflictMarkers.advice)]
            return
        }
        let parsed: [YAMLDocument]
        do throws(YAMLError) {
            parsed = try EditForm.parse(text)
        } catch {
            diagnostics = [Diagnostic(line: error.mark.line, severity: .error, message: error.message)]
            return
        }
        let written = parsed.filter { !$0.value.isNull }
        let defined = DefinedKinds.resources(written.map(\.value)).filter { schemas.resource(kind: $0.gvk) == nil }
        if !defined.isEmpty { self.schemas = SchemaRegistry(schemas, adding: defined) }
        for yaml in written { read(yaml, known) }
        isRoutable = !written.isEmpty && documents.count == written.count && documents.allSatisfy { $0.descriptor != nil }
        diagnostics.sort { ($0.line, $0.severity == .error ? 0 : 1) < ($1.line, $1.severity == .error ? 0 : 1) }
    }

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
        let descriptor = schemas.resource(kind: object.gvk)
        let document = Document(yaml: yaml, object: object, descriptor: descriptor)
        documents.append(document)
        guard let descriptor else { return addUnknown(object, yaml) }
        let live = known.first { $0["kind"] == yaml.value["kind"] && $0["metadata", "name"] == yaml.value["metadata", "name"] }
        for found in SchemaDiagnostics.check(yaml.value, type: descriptor.type) {
            if found.severity == .warning, let live, live[pointer: found.pointer] == yaml.value[pointer: found.pointer] { continue }
            var diagnostic = Self.diagnostic(found.pointer, found.message, found.severity == .error ? .error : .warning, yaml)
            if found.severity == .error { diagnostic.fixes = fixes(found.pointer, found.message, document) }
            diagnostics.append(diagnostic)
        }
        if object.name.isEmpty, object.generateName.isEmpty {
            var diagnostic = Self.diagnostic(JSONPointer(["metadata"]), "metadata.name is required", .error, yaml)
            diagnostic.fixes = fixes(JSONPointer(["metadata", "name"]), "", document)
            diagnostics.append(diagnostic)
        }
    }

    private mutating func addUnknown(_ object: KubeObject, _ yaml: YAMLDocument) {
        let known = schemas.resources.first { $0.kind == object.kind }
        let pointer = JSONPointer([known == nil ? "kind" : "apiVersion"])
        let message =
            known.map { "\(object.kind) is in \($0.groupVersion.apiVersion)" }
            ?? "the server has no kind \(object.kind) in \(object.apiVersion) that kdash knows"
        var diagnostic = Self.diagnostic(pointer, message, .error, yaml)
        diagnostic.fixes = QuickFixes.kinds(object, yaml, lines, schemas)
        diagnostics.append(diagnostic)
    }

    private mutating func add(_ yaml: YAMLDocument, _ pointer: JSONPointer, _ message: String) {
        diagnostics.append(Self.diagnostic(pointer, message, .error, yaml))
    }

    /// What would take a complaint away. Where the complaint is at an object, what that lacks.
    func fixes(_ pointer: JSONPointer, _ message: String, _ document: Document) -> [QuickFix] {
        let fixes = QuickFixes(lines: lines, yaml: document.yaml, type: document.descriptor?.type)
        let found = fixes.at(pointer)
        return found.isEmpty && message.hasSuffix("is required") ? fixes.required(in: pointer) : found
    }

    /// The lines of one document, without the `---` and empty lines around them but for those that belong to a value.
    func text(of document: Document) -> String {
        let range = document.yaml.range.clamped(to: 0..<lines.count)
        var own = lines[range]
        if own.first?.hasPrefix("---") == true { own.removeFirst() }
        let whole = own.joined(separator: "\n") + (range.upperBound < lines.count ? "\n" : "")
        while own.last?.allSatisfy({ $0 == " " }) == true { own.removeLast() }
        let text = own.joined(separator: "\n")
        // best effort: what cannot be read alone stays as it is.
        guard whole.hasSuffix("\n"), let alone = try? EditForm.parse(text), alone.first?.value != document.yaml.value else { return text }
        return whole
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
    func place(_ status: APIStatus, in document: Document) -> (lines: [Diagnostic], rest: [String]) {
        let causes = (status.details?.causes ?? []).filter { !$0.field.isEmpty && $0.field != "<nil>" }
        let named = causes.isEmpty ? FieldPath.named(in: status.message).map { ($0.path, $0.text) } : causes.map { ($0.field, $0.message) }
        guard !named.isEmpty else { return ([], [status.message]) }
        return (named.map { place($0.0, $0.1, .error, in: document) }, [])
    }

    /// A message about a field path as the server writes it.
    func place(_ path: String, _ message: String, _ severity: Diagnostic.Severity, in document: Document) -> Diagnostic {
        let pointer = FieldPath.pointer(path)
        var diagnostic = Self.diagnostic(pointer, message, severity, document.yaml)
        diagnostic.fixes = fixes(pointer, message, document)
        return diagnostic
    }

    /// A warning of the server, at the field it names or at the document's kind.
    func place(warning: String, in document: Document) -> Diagnostic {
        for (path, text) in FieldPath.named(in: warning) { return place(path, text, .warning, in: document) }
        if let colon = warning.firstIndex(of: ":") {
            let pointer = FieldPath.pointer(String(warning[..<colon]))
            if !pointer.tokens.isEmpty, document.yaml.value[pointer: pointer] != nil {
                return place(String(warning[..<colon]), String(warning[warning.index(after: colon)...].drop { $0 == " " }), .warning, in: document)
            }
        }
        var diagnostic = Self.diagnostic(JSONPointer(["apiVersion"]), warning, .warning, document.yaml)
        diagnostic.fixes = QuickFixes(lines: lines, yaml: document.yaml, type: nil).values(JSONPointer(["apiVersion"]), Self.advised(warning))
        return diagnostic
    }

    /// The version that a deprecation names: `…; use batch/v1 CronJob`.
    private static func advised(_ warning: String) -> [String] {
        guard let use = warning.firstRange(of: "; use ") else { return [] }
        let word = String(warning[use.upperBound...].prefix { $0 != " " && $0 != "," && $0 != ";" })
        return GroupVersion(apiVersion: word) == nil || !word.contains(where: \.isNumber) ? [] : [word]
    }
}

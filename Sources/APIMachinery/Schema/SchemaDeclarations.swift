/// The lines of schema files that are no fields, and where the fields of each type start.
struct SchemaDeclarations {
    /// A `kind` or `object` line.
    struct Kind {
        let gvk: GroupVersionKind
        /// Nil for an `object` line.
        var resource: Resource?
        let file: String
        let line: Int
    }

    /// What a `kind` line says about the resource.
    struct Resource {
        let plural: String
        var shortNames: [String] = []
        var isNamespaced = true
        var singular = ""
        var categories: [String] = []
        var verbs = Subresources.allVerbs
        var subresources: [Subresources.Declaration] = []
        var selectable: [String] = []
    }

    /// A `type` line.
    struct TypeDeclaration {
        let type: TypeSchema
        let fields: SchemaScanner.Mark
        let file: Int
    }

    /// A `group` line.
    struct Group {
        let groupVersion: GroupVersion
        let priority: Int
        let namespace: String
        let component: String
    }

    private(set) var kinds: [Kind] = []
    private(set) var types: [TypeDeclaration] = []
    private(set) var groups: [Group] = []

    /// Reads every declaration of one file.
    mutating func read(_ scanner: inout SchemaScanner, file: Int, text: SchemaText) throws(SchemaError) {
        var group: Group?
        var hasType = false
        while let kind = scanner.nextLine() {
            guard kind == .declaration else {
                if !hasType { throw scanner.error("a field needs a type line before it") }
                continue
            }
            let word = try scanner.word()
            scanner.skipSpaces()
            if scanner.equals(word, "group") {
                let declared = try Self.group(&scanner)
                group = declared
                groups.append(declared)
            } else if scanner.equals(word, "kind") || scanner.equals(word, "object") {
                kinds.append(try Self.kind(&scanner, isResource: scanner.equals(word, "kind")))
            } else if scanner.equals(word, "type") {
                guard let group else { throw scanner.error("a type needs a group line before it") }
                let type = try Self.type(&scanner, group, text)
                types.append(TypeDeclaration(type: type, fields: scanner.mark, file: file))
                hasType = true
            } else {
                throw scanner.error("a line starts with group, kind, object, type or spaces, found \"\(scanner.text(word))\"")
            }
        }
    }

    /// `core.v1` of `v1`, `rbac.v1` of `rbac.authorization.k8s.io/v1`.
    static func namespace(of groupVersion: GroupVersion) -> String {
        guard !groupVersion.group.isEmpty else { return "core.\(groupVersion.version)" }
        return "\(groupVersion.group.prefix { $0 != "." }).\(groupVersion.version)"
    }

    private static func groupVersion(_ scanner: inout SchemaScanner) throws(SchemaError) -> GroupVersion {
        let text = scanner.text(try scanner.word())
        guard var groupVersion = GroupVersion(apiVersion: text) else { throw scanner.error("\"\(text)\" is no group version") }
        if groupVersion.group == "core" { groupVersion.group = "" }
        return groupVersion
    }

    private static func group(_ scanner: inout SchemaScanner) throws(SchemaError) -> Group {
        let groupVersion = try groupVersion(&scanner)
        let namespace = namespace(of: groupVersion)
        var priority = 15000
        var component = groupVersion.group == "meta" ? "io.k8s.apimachinery.pkg.apis.\(namespace)" : "io.k8s.api.\(namespace)"
        while scanner.atFact() {
            let (name, arguments) = scanner.call(try scanner.word())
            guard let arguments else { throw scanner.error("\(scanner.text(name)) needs an argument") }
            switch scanner.text(name) {
            case "priority":
                guard let number = Int(scanner.text(arguments)) else { throw scanner.error("priority needs a number") }
                priority = number
            case "openapi": component = scanner.text(arguments)
            default: throw scanner.error("unknown fact \"\(scanner.text(name))\" on a group line")
            }
        }
        return Group(groupVersion: groupVersion, priority: priority, namespace: namespace, component: component)
    }

    private static func type(
        _ scanner: inout SchemaScanner, _ group: Group, _ text: SchemaText
    ) throws(SchemaError) -> TypeSchema {
        let name = scanner.text(try scanner.word())
        var (isAtomic, isUnion) = (false, false)
        while scanner.atFact() {
            let fact = try scanner.word()
            switch scanner.text(fact) {
            case "atomic": isAtomic = true
            case "union": isUnion = true
            case let other: throw scanner.error("unknown fact \"\(other)\" on a type line")
            }
        }
        var documentation = scanner.documentation()
        var ahead = scanner
        while ahead.nextLine() == .continuation { documentation = documentation.lowerBound..<Int32(ahead.end) }
        return TypeSchema(
            name: "\(group.namespace).\(name)", shortName: name, namespace: group.namespace, groupVersion: group.groupVersion,
            componentName: "\(group.component).\(name)", isAtomic: isAtomic, isUnion: isUnion, text: text,
            documentation: documentation)
    }

    private static func kind(_ scanner: inout SchemaScanner, isResource: Bool) throws(SchemaError) -> Kind {
        let groupVersion = try groupVersion(&scanner)
        scanner.skipSpaces()
        let gvk = GroupVersionKind(groupVersion, kind: scanner.text(try scanner.word()))
        guard isResource else { return Kind(gvk: gvk, resource: nil, file: scanner.file, line: scanner.line) }
        scanner.skipSpaces()
        var resource = Resource(plural: scanner.text(try scanner.word()))
        resource.singular = gvk.kind.lowercased()
        var hasScope = false
        while scanner.atFact() {
            let (name, arguments) = scanner.call(try scanner.word())
            let word = scanner.text(name)
            if let arguments {
                try fact(word, arguments, gvk, &resource, scanner)
            } else if word == "namespaced" || word == "cluster" {
                hasScope = true
                resource.isNamespaced = word == "namespaced"
            } else if !hasScope {
                resource.shortNames.append(word)
            } else {
                throw scanner.error("unknown word \"\(word)\" after the scope of a kind")
            }
        }
        guard hasScope else { throw scanner.error("kind \(gvk.kind) needs namespaced or cluster") }
        return Kind(gvk: gvk, resource: resource, file: scanner.file, line: scanner.line)
    }

    private static func fact(
        _ word: String, _ arguments: Range<Int>, _ gvk: GroupVersionKind, _ resource: inout Resource, _ scanner: SchemaScanner
    ) throws(SchemaError) {
        let list = scanner.list(arguments)
        switch word {
        case "singular": resource.singular = scanner.text(arguments)
        case "categories": resource.categories = list
        case "verbs": resource.verbs = Subresources.words(scanner.text(arguments))
        case "selectable": resource.selectable = list
        case "subresources":
            for part in list {
                guard let declaration = Subresources.Declaration(part, parent: gvk) else {
                    throw scanner.error("subresource \"\(part)\" is not of the form name[:[group/version.]Kind][(verb verb)]")
                }
                resource.subresources.append(declaration)
            }
        default: throw scanner.error("unknown fact \"\(word)\" on a kind line")
        }
    }
}

/// The grammar of verbs and subresources.
enum Subresources {
    /// The verbs a resource has unless the schema says otherwise.
    static let allVerbs: Set<String> = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]

    static func words(_ text: String) -> Set<String> {
        Set(text.split { $0 == " " || $0 == "," }.map(String.init))
    }

    /// One subresource as it was written.
    struct Declaration {
        let name: String
        let kind: GroupVersionKind
        let verbs: Set<String>

        init?(_ text: String, parent: GroupVersionKind) {
            var head = text[...]
            var verbs: Set<String>?
            if let open = text.firstIndex(of: "("), text.hasSuffix(")") {
                head = text[..<open]
                verbs = words(String(text[text.index(after: open)...].dropLast()))
            }
            let parts = head.split(separator: ":", maxSplits: 1).map(String.init)
            guard let name = parts.first, !name.isEmpty else { return nil }
            var kind = parent
            if parts.count == 2 {
                kind.kind = parts[1]
                // The kind follows the last dot when there is a group version: policy/v1.Eviction, v1.Binding.
                if let dot = parts[1].lastIndex(of: ".") {
                    guard let groupVersion = GroupVersion(apiVersion: String(parts[1][..<dot])) else { return nil }
                    kind = GroupVersionKind(groupVersion, kind: String(parts[1][parts[1].index(after: dot)...]))
                }
            } else if name == "scale" {
                kind = GroupVersionKind(group: "autoscaling", version: "v1", kind: "Scale")
            }
            if verbs == nil, name == "status" || name == "scale" { verbs = ["get", "patch", "update"] }
            guard let verbs else { return nil }
            self.name = name
            self.kind = kind
            self.verbs = verbs
        }
    }
}

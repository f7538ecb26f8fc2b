/// Turns schema files into types and resources: declarations first, then fields, then what follows from them.
struct SchemaBuilder {
    private(set) var types: [TypeSchema] = []
    private(set) var resources: [ResourceDescriptor] = []
    private(set) var groups: [SchemaRegistry.Group] = []
    private(set) var typesByName: [String: TypeSchema] = [:]
    private(set) var typesByKind: [GroupVersionKind: TypeSchema] = [:]

    private var declarations = SchemaDeclarations()
    private var namespaces: [String: [String: TypeSchema]] = [:]

    mutating func build(_ files: [SchemaFile]) throws(SchemaError) {
        let texts = files.map { SchemaText($0.bytes) }
        for (index, file) in files.enumerated() {
            try withScanner(file, texts[index]) { scanner, text throws(SchemaError) in
                try declarations.read(&scanner, file: index, text: text)
            }
        }
        try registerTypes(files)
        try registerKinds()
        try readFields(files, texts)
        makeLists()
        try makeResources()
        SchemaClosure.compute(types)
        makeGroups()
    }

    private func withScanner(
        _ file: SchemaFile, _ text: SchemaText, _ body: (inout SchemaScanner, SchemaText) throws(SchemaError) -> Void
    ) throws(SchemaError) {
        let result: Result<Void, SchemaError> = text.bytes.withUnsafeBufferPointer { buffer in
            var scanner = SchemaScanner(bytes: buffer, file: file.name)
            do throws(SchemaError) { return .success(try body(&scanner, text)) } catch { return .failure(error) }
        }
        try result.get()
    }

    private mutating func registerTypes(_ files: [SchemaFile]) throws(SchemaError) {
        types.reserveCapacity(declarations.types.count * 5 / 4)
        for declaration in declarations.types {
            let type = declaration.type
            guard typesByName.updateValue(type, forKey: type.name) == nil else {
                throw SchemaError(
                    file: files[declaration.file].name, line: declaration.fields.line, message: "type \(type.name) is declared twice")
            }
            namespaces[type.namespace, default: [:]][type.shortName] = type
            types.append(type)
        }
    }

    private mutating func registerKinds() throws(SchemaError) {
        for kind in declarations.kinds {
            let namespace = SchemaDeclarations.namespace(of: kind.gvk.groupVersion)
            guard let type = find(kind.gvk.kind, from: namespace) else {
                throw SchemaError(file: kind.file, line: kind.line, message: "kind \(kind.gvk.kind) has no type \(namespace).\(kind.gvk.kind)")
            }
            guard typesByKind.updateValue(type, forKey: kind.gvk) == nil else {
                throw SchemaError(file: kind.file, line: kind.line, message: "kind \(kind.gvk) is declared twice")
            }
            if type.gvk == nil { type.gvk = kind.gvk }
        }
    }

    /// The type a bare name means: of the own namespace, else meta.v1, else core.v1. A name with dots is a full name.
    private func find(_ name: String, from namespace: String) -> TypeSchema? {
        if name.utf8.contains(UInt8(ascii: ".")) { return typesByName[name] }
        return namespaces[namespace]?[name] ?? namespaces["meta.v1"]?[name] ?? namespaces["core.v1"]?[name]
    }

    private func readFields(_ files: [SchemaFile], _ texts: [SchemaText]) throws(SchemaError) {
        let implied = ImpliedFields()
        var start = declarations.types.startIndex
        for (index, file) in files.enumerated() {
            let own = declarations.types[start...].prefix { $0.file == index }
            start = own.endIndex
            try withScanner(file, texts[index]) { scanner, text throws(SchemaError) in
                for declaration in own { try readFields(of: declaration, &scanner, text, implied) }
            }
        }
    }

    private func readFields(
        of declaration: SchemaDeclarations.TypeDeclaration, _ scanner: inout SchemaScanner, _ text: SchemaText,
        _ implied: ImpliedFields
    ) throws(SchemaError) {
        let type = declaration.type
        var fields: [FieldSchema] = type.gvk == nil ? [] : implied.typeMeta
        scanner.rewind(to: declaration.fields)
        var parser = SchemaFieldParser(text: text) { find($0, from: type.namespace) }
        var names: Set<String> = []
        while true {
            let mark = scanner.mark
            guard let line = scanner.nextLine(), line != .declaration else {
                scanner.rewind(to: mark)
                break
            }
            guard line == .field else { continue }
            let field = try parser.parse(&scanner)
            guard names.insert(field.jsonName).inserted else {
                throw scanner.error("field \(field.jsonName) of \(type.name) is declared twice")
            }
            fields.append(field)
        }
        type.setFields(fields)
    }

    private mutating func makeLists() {
        let implied = ImpliedFields()
        guard let listMeta = typesByName["meta.v1.ListMeta"] else { return }
        for kind in declarations.kinds where kind.resource?.verbs.contains("list") == true {
            guard let element = typesByKind[kind.gvk] else { continue }
            var gvk = kind.gvk
            gvk.kind += "List"
            guard typesByKind[gvk] == nil else {
                typesByKind[gvk]?.isList = true
                continue
            }
            let list = implied.list(of: element, listMeta: listMeta, gvk: gvk)
            types.append(list)
            typesByName[list.name] = list
            typesByKind[gvk] = list
        }
    }

    private mutating func makeResources() throws(SchemaError) {
        for kind in declarations.kinds {
            guard let resource = kind.resource, let type = typesByKind[kind.gvk] else { continue }
            var listKind = kind.gvk
            listKind.kind += "List"
            let subresources = resource.subresources.map {
                Subresource(name: $0.name, kind: $0.kind, verbs: $0.verbs, type: typesByKind[$0.kind])
            }
            resources.append(
                ResourceDescriptor(
                    kind: kind.gvk, plural: resource.plural, singular: resource.singular, shortNames: resource.shortNames,
                    categories: resource.categories, isNamespaced: resource.isNamespaced, verbs: resource.verbs,
                    subresources: subresources, selectableFields: Set(resource.selectable), type: type,
                    listType: resource.verbs.contains("list") ? typesByKind[listKind] : nil))
        }
    }

    private mutating func makeGroups() {
        var priorities: [String: Int] = [:]
        for group in declarations.groups {
            priorities[group.groupVersion.group] = max(priorities[group.groupVersion.group] ?? 0, group.priority)
        }
        var order: [String] = []
        var versions: [String: [String]] = [:]
        for resource in resources {
            if versions[resource.group] == nil { order.append(resource.group) }
            if versions[resource.group]?.contains(resource.version) != true {
                versions[resource.group, default: []].append(resource.version)
            }
        }
        func rank(_ group: String) -> Int { priorities[group] ?? 15000 }
        let places = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
        order.sort { (-rank($0), places[$0] ?? 0) < (-rank($1), places[$1] ?? 0) }
        groups = order.map { SchemaRegistry.Group(name: $0, versions: VersionOrder.sorted(versions[$0] ?? []), priority: rank($0)) }
        var ranks: [GroupVersion: Int] = [:]
        for group in groups {
            for version in group.versions { ranks[GroupVersion(group: group.name, version: version)] = ranks.count }
        }
        let indexed = resources.enumerated().sorted {
            (ranks[$0.element.groupVersion] ?? 0, $0.offset) < (ranks[$1.element.groupVersion] ?? 0, $1.offset)
        }
        resources = indexed.map(\.element)
    }
}

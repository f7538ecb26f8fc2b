/// Builds documents from events. Recursion is bounded by the depth limit, and what aliases repeat by a budget.
struct YAMLComposer: ~Copyable {
    /// A finished node: its value, its places, and what it weighs when an alias repeats it.
    struct Node {
        var value: JSONValue
        var marks: YAMLMarkTree
        var weight: Int
    }

    private enum Anchor {
        case open
        case finished(Node)
    }

    /// What aliases may add to a text, in bytes of text plus ``nodeWeight`` for each node.
    static let aliasBudget = 8 << 20
    static let nodeWeight = 16

    private let bytes: [UInt8]
    private let maximumDepth: Int
    private let collectsDuplicates: Bool
    /// The repeated keys, when they are collected instead of refused.
    private(set) var duplicates: [YAMLDuplicate] = []
    private var cursor: YAMLCursor
    private var anchors: [String: Anchor] = [:]
    private var aliasWeight = 0
    private var depth = 0

    init(bytes: [UInt8], limits: JSONLimits, collectsDuplicates: Bool = false) {
        self.bytes = bytes
        self.collectsDuplicates = collectsDuplicates
        maximumDepth = limits.maximumDepth
        cursor = YAMLCursor(bytes)
    }

    mutating func composeStream() throws(YAMLError) -> [YAMLDocument] {
        // libyaml reads from memory that must not move.
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = copy.initialize(from: bytes)
        defer { copy.deallocate() }
        let events = YAMLEvents(UnsafeBufferPointer(copy))
        var documents: [YAMLDocument] = []
        while true {
            let event = try events.next(cursor: &cursor)
            guard case .documentStart = event.kind else { return documents }
            let start = mark(event.start)
            anchors = [:]
            let node = try compose(try events.next(cursor: &cursor), events)
            let end = mark(try events.next(cursor: &cursor).end)
            let lines = start.line..<max(start.line, end.column == 0 ? end.line : end.line + 1)
            documents.append(YAMLDocument(value: node.value, marks: node.marks, range: lines))
        }
    }

    private mutating func compose(_ event: YAMLEvent, _ events: borrowing YAMLEvents) throws(YAMLError) -> Node {
        let start = mark(event.start)
        switch event.kind {
        case .scalar(let scalar):
            let value = try YAMLTag.value(of: scalar, at: start)
            let node = Node(value: value, marks: YAMLMarkTree(mark: start), weight: Self.nodeWeight + scalar.text.utf8.count)
            if let anchor = scalar.anchor { anchors[anchor] = .finished(node) }
            return node
        case .alias(let name):
            return try expand(name, at: start)
        case .sequenceStart(let anchor):
            try enter(anchor, at: start)
            let node = try composeSequence(start, events)
            leave(anchor, node)
            return node
        case .mappingStart(let anchor):
            try enter(anchor, at: start)
            let node = try composeMapping(start, events)
            leave(anchor, node)
            return node
        default:
            throw YAMLError(message: "a value is expected here", mark: start)
        }
    }

    private mutating func composeSequence(_ start: YAMLMark, _ events: borrowing YAMLEvents) throws(YAMLError) -> Node {
        var elements: [JSONValue] = []
        var marks = YAMLMarkTree(mark: start)
        var weight = Self.nodeWeight
        while true {
            let event = try events.next(cursor: &cursor)
            if case .sequenceEnd = event.kind { return Node(value: .array(elements), marks: marks, weight: weight) }
            let element = try compose(event, events)
            elements.append(element.value)
            marks.children.append(element.marks)
            weight += element.weight
        }
    }

    private mutating func composeMapping(_ start: YAMLMark, _ events: borrowing YAMLEvents) throws(YAMLError) -> Node {
        var mapping = YAMLMapping(start: start)
        while true {
            let event = try events.next(cursor: &cursor)
            if case .mappingEnd = event.kind { return mapping.finish() }
            let keyMark = mark(event.start)
            let key = try self.key(of: event, at: keyMark)
            // Checked before the value is read, so that the error is the first one in the text.
            if let key {
                if !collectsDuplicates {
                    try mapping.checkIsNew(key, at: keyMark)
                } else if mapping.contains(key), duplicates.count < YAMLDuplicate.limit {
                    duplicates.append(YAMLDuplicate(key: key, mark: keyMark))
                }
            }
            let value = try compose(try events.next(cursor: &cursor), events)
            if let key {
                mapping.add(key, at: keyMark, value)
            } else {
                try mapping.merge(value)
            }
        }
    }

    /// The key's text; nil for the merge key.
    private func key(of event: YAMLEvent, at mark: YAMLMark) throws(YAMLError) -> String? {
        switch event.kind {
        case .scalar(let scalar):
            if scalar.isPlain, scalar.tag == nil, scalar.text == "<<" { return nil }
            let value = try YAMLTag.value(of: scalar, at: mark)
            guard let key = YAMLMapping.key(value) else {
                throw YAMLError(message: "null cannot be a key; put it in quotes to mean the text", mark: mark)
            }
            if let anchor = scalar.anchor {
                throw YAMLError(message: "a key cannot have an anchor (\("&\(anchor)".inQuotes))", mark: mark)
            }
            return key
        case .alias(let name):
            guard case .finished(let node) = anchors[name], let key = YAMLMapping.key(node.value) else {
                throw YAMLError(message: "alias \("*\(name)".inQuotes) is no text and cannot be a key", mark: mark)
            }
            return key
        default:
            throw YAMLError(
                message: "a key must be text, not a list or a map; put a text that starts with \"[\" or \"{\" in quotes", mark: mark)
        }
    }

    private mutating func expand(_ name: String, at mark: YAMLMark) throws(YAMLError) -> Node {
        switch anchors[name] {
        case nil: throw YAMLError(message: "there is no anchor \("&\(name)".inQuotes) before this alias", mark: mark)
        case .open: throw YAMLError(message: "alias \("*\(name)".inQuotes) stands inside its own anchor", mark: mark)
        case .finished(let node):
            aliasWeight += node.weight
            if aliasWeight > Self.aliasBudget {
                throw YAMLError(message: "aliases repeat too much: more than \(Self.aliasBudget >> 20) MiB", mark: mark)
            }
            if node.value.isDeeper(than: maximumDepth - depth) { throw tooDeep(mark) }
            return node
        }
    }

    private mutating func enter(_ anchor: String?, at mark: YAMLMark) throws(YAMLError) {
        depth += 1
        if depth > maximumDepth { throw tooDeep(mark) }
        if let anchor { anchors[anchor] = .open }
    }

    private mutating func leave(_ anchor: String?, _ node: Node) {
        depth -= 1
        if let anchor { anchors[anchor] = .finished(node) }
    }

    private func tooDeep(_ mark: YAMLMark) -> YAMLError {
        YAMLError(message: "maps and lists nest deeper than \(maximumDepth) levels", mark: mark)
    }

    private mutating func mark(_ scalar: Int) -> YAMLMark {
        cursor.mark(atScalar: scalar)
    }
}

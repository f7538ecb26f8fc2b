internal import CYAML

/// One step through YAML text; positions count scalars.
struct YAMLEvent {
    enum Kind {
        case streamEnd
        case documentStart
        case documentEnd
        case alias(String)
        case scalar(Scalar)
        case sequenceStart(anchor: String?)
        case sequenceEnd
        case mappingStart(anchor: String?)
        case mappingEnd
    }

    struct Scalar {
        var anchor: String?
        var tag: String?
        var text: String
        /// Whether it was written without quotes, and its text decides what it is.
        var isPlain: Bool
    }

    var kind: Kind
    var start: Int
    var end: Int
}

/// libyaml's parser over a text that must stay in place.
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// `bytes` must outlive this value.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        let isReady = yaml_parser_initialize(parser)
        precondition(isReady == 1, "libyaml allocates its buffers")
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        // Without this, libyaml would guess UTF-16 from the first bytes.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event. After a failure none may be asked for.
    func next(cursor: inout YAMLCursor) throws(YAMLError) -> YAMLEvent {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw failure(&cursor) }
            defer { yaml_event_delete(&event) }
            guard let kind = Self.kind(event) else { continue }
            return YAMLEvent(kind: kind, start: event.start_mark.index, end: event.end_mark.index)
        }
    }

    private static func kind(_ event: yaml_event_t) -> YAMLEvent.Kind? {
        switch event.type {
        case YAML_STREAM_END_EVENT: return .streamEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT: return .sequenceStart(anchor: text(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart(anchor: text(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let content = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                YAMLEvent.Scalar(
                    anchor: text(scalar.anchor), tag: text(scalar.tag), text: String(decoding: content, as: UTF8.self),
                    isPlain: scalar.plain_implicit == 1))
        default: return nil
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func failure(_ cursor: inout YAMLCursor) -> YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "this is not valid YAML"
        switch parser.pointee.error {
        case YAML_READER_ERROR:
            let mark = cursor.mark(atByte: parser.pointee.problem_offset)
            return YAMLError(message: YAMLProblem.message(problem, context: nil, offending: nil), mark: mark)
        case YAML_MEMORY_ERROR:
            return YAMLError(message: "there is not enough memory to read the text", mark: .start)
        default:
            let mark = cursor.mark(atScalar: parser.pointee.problem_mark.index)
            let context = parser.pointee.context.map { String(cString: $0) }
            return YAMLError(message: YAMLProblem.message(problem, context: context, offending: cursor.byte(at: mark)), mark: mark)
        }
    }
}

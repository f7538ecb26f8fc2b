/// The answers on one connection, as far as they have come. Reads more strictly than any client would.
struct ServerAnswers: ConnectionAnswers {
    /// One answer.
    struct Answer: Sendable {
        var status: Int
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        var isWhole = false

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    private enum State {
        case head
        case fixed(Int)
        case chunkSize
        case chunk(Int)
        case trailer
        case untilClose
        case other
    }

    /// The methods of the requests, in order.
    let methods: [String]
    /// How many answers there should be.
    let count: Int
    private(set) var list: [Answer] = []
    private var state = State.head
    private var inbound: [UInt8] = []

    init(methods: [String], count: Int) {
        self.methods = methods
        self.count = count
    }

    /// Whether every answer is here, or the connection has become something else.
    var isComplete: Bool {
        if case .other = state { return true }
        return list.count { $0.isWhole } >= count
    }

    /// Whether an answer has begun that may go on for ever.
    var isOpen: Bool {
        switch state {
        case .chunkSize, .chunk, .trailer, .untilClose: true
        default: false
        }
    }

    /// Takes what arrived.
    mutating func receive(_ bytes: [UInt8]) throws(Violation) {
        inbound += bytes
        while try step() {}
    }

    /// The other side has closed.
    mutating func closed() { if case .untilClose = state { finish() } }

    private mutating func step() throws(Violation) -> Bool {
        guard !inbound.isEmpty else { return false }
        switch state {
        case .head:
            guard let end = position(of: "\r\n\r\n") else { return false }
            let text = String(decoding: inbound[..<end], as: UTF8.self)
            inbound.removeFirst(end + 4)
            try head(text)
        case .fixed(let left):
            let piece = inbound.prefix(left)
            list[list.count - 1].body += piece
            inbound.removeFirst(piece.count)
            if piece.count == left { finish() } else { state = .fixed(left - piece.count) }
        case .chunkSize:
            guard let end = position(of: "\r\n") else { return false }
            let text = String(decoding: inbound[..<end], as: UTF8.self)
            guard let size = Int(text, radix: 16) else { throw Violation(rule: "a chunk has a size", detail: text) }
            inbound.removeFirst(end + 2)
            state = size == 0 ? .trailer : .chunk(size)
        case .chunk(let size):
            guard inbound.count >= size + 2 else { return false }
            try Violation.unless(inbound[size] == 13 && inbound[size + 1] == 10, "a chunk ends with a line")
            list[list.count - 1].body += inbound.prefix(size)
            inbound.removeFirst(size + 2)
            state = .chunkSize
        case .trailer:
            guard inbound.count >= 2 else { return false }
            try Violation.unless(inbound[0] == 13 && inbound[1] == 10, "a body ends with an empty line")
            inbound.removeFirst(2)
            finish()
        case .untilClose:
            list[list.count - 1].body += inbound
            inbound = []
        case .other: inbound = []
        }
        return true
    }

    private mutating func head(_ text: String) throws(Violation) {
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        let words = (lines.popFirst() ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { throw Violation(rule: "an answer begins as one", detail: text) }
        if status == 100 { return }
        var answer = Answer(status: status)
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[1].first == " " else { throw Violation(rule: "a header has a name and a value", detail: text) }
            answer.headers.append((parts[0].lowercased(), String(parts[1].dropFirst())))
        }
        let isClean = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 13 || $0 == 10 }
        try Violation.unless(isClean, "headers have no control characters", text.debugDescription)
        try Violation.unless(list.count <= methods.count, "there are no more answers than requests", text)
        let method = list.count < methods.count ? methods[list.count] : "GET"
        list.append(answer)
        if status == 101 {
            state = .other
        } else if method == "HEAD" || status == 204 || status == 304 {
            finish()
        } else if answer.header("transfer-encoding") == "chunked" {
            state = .chunkSize
        } else if let length = answer.header("content-length").flatMap({ Int($0) }) {
            if length == 0 { finish() } else { state = .fixed(length) }
        } else {
            state = .untilClose
        }
    }

    private mutating func finish() {
        list[list.count - 1].isWhole = true
        state = .head
    }

    private func position(of text: String) -> Int? {
        let bytes = Array(text.utf8)
        return inbound.indices.first { inbound[$0...].starts(with: bytes) }
    }
}

/// What is asked.
package struct DNSQuestion: Sendable, Hashable {
    package let name: DNSName
    package let type: DNSType
    package let classNumber: UInt16

    package init(_ name: DNSName, _ type: DNSType, classNumber: UInt16 = 1) {
        self.name = name
        self.type = type
        self.classNumber = classNumber
    }

    /// The same question, whatever the case of its letters.
    var lowercased: DNSQuestion { DNSQuestion(name.lowercased, type, classNumber: classNumber) }
}

/// How an answer ended.
package struct DNSCode: Sendable, Hashable, CustomStringConvertible {
    package let number: UInt16
    package init(_ number: UInt16) { self.number = number }

    package static let noError = DNSCode(0)
    package static let serverFailure = DNSCode(2)
    package static let nameError = DNSCode(3)
    package static let notImplemented = DNSCode(4)
    package static let refused = DNSCode(5)
    package static let badVersion = DNSCode(16)

    /// Its name, for example `NXDOMAIN`.
    package var description: String {
        switch number {
        case 0: "NOERROR"
        case 1: "FORMERR"
        case 2: "SERVFAIL"
        case 3: "NXDOMAIN"
        case 4: "NOTIMP"
        case 5: "REFUSED"
        case 16: "BADVERS"
        default: "RCODE\(number)"
        }
    }
}

/// A message with exactly one question. Everything in it has been read and is written anew, so nothing odd is passed on.
package struct DNSMessage: Sendable, Hashable {
    /// What EDNS(0) adds. Source: RFC 6891.
    package struct Extension: Sendable, Hashable {
        /// The largest datagram that its sender takes.
        package var payload: UInt16
        package var version: UInt8 = 0
        /// Whether signatures are wanted.
        package var wantsSignatures = false
        package init(payload: UInt16) { self.payload = payload }
    }

    package var id: UInt16
    /// The header's second word without the code.
    var flags: UInt16
    package var code: DNSCode
    package var question: DNSQuestion
    package var answers: [DNSRecord] = []
    package var authorities: [DNSRecord] = []
    package var additionals: [DNSRecord] = []
    /// nil when the sender knows no EDNS.
    package var edns: Extension?

    static let response: UInt16 = 0x8000
    static let authoritative: UInt16 = 0x0400
    static let truncated: UInt16 = 0x0200
    static let recursionDesired: UInt16 = 0x0100
    static let recursionAvailable: UInt16 = 0x0080
    static let authenticated: UInt16 = 0x0020
    static let checkingDisabled: UInt16 = 0x0010
    /// More records than a real answer has; each costs memory.
    static let recordLimit = 1000

    /// A question that is to be answered by asking on.
    package init(id: UInt16, asking question: DNSQuestion) {
        self.id = id
        flags = Self.recursionDesired
        code = .noError
        self.question = question
    }

    package var isResponse: Bool { flags & Self.response != 0 }
    package var isTruncated: Bool { flags & Self.truncated != 0 }
    package var isAuthoritative: Bool { flags & Self.authoritative != 0 }
    /// 0 for an ordinary question.
    var operation: UInt16 { flags >> 11 & 15 }

    /// An empty answer to this question.
    func answer(_ code: DNSCode = .noError) -> DNSMessage {
        var answer = self
        answer.flags = Self.response | Self.recursionAvailable | flags & (0x7800 | Self.recursionDesired | Self.checkingDisabled)
        answer.code = code
        (answer.answers, answer.authorities, answer.additionals) = ([], [], [])
        answer.edns = edns.map { _ in Extension(payload: Self.largestDatagram) }
        answer.edns?.wantsSignatures = edns?.wantsSignatures ?? false
        return answer
    }

    /// What we send and ask for in one datagram at most: it is never fragmented.
    static let largestDatagram: UInt16 = 1232
    /// How large an answer to this question may be in one datagram.
    var datagramLimit: Int { Int(min(max(edns?.payload ?? 512, 512), Self.largestDatagram)) }
}

extension DNSMessage {
    /// Reads a message. Throws what is wrong with it.
    package init(parsing bytes: [UInt8]) throws(DNSMessageError) {
        var reader = DNSReader(bytes)
        id = try reader.number()
        let second = try reader.number()
        flags = second & ~15
        let (questions, answerCount) = (try reader.number(), Int(try reader.number()))
        let (authorityCount, additionalCount) = (Int(try reader.number()), Int(try reader.number()))
        guard questions == 1 else { throw DNSMessageError("there is not exactly one question") }
        guard answerCount + authorityCount + additionalCount <= Self.recordLimit else { throw DNSMessageError("there are too many records") }
        let name = try reader.name()
        let type = DNSType(try reader.number())
        question = DNSQuestion(name, type, classNumber: try reader.number())
        var high: UInt16 = 0
        func records(_ count: Int) throws(DNSMessageError) -> [DNSRecord] {
            var records: [DNSRecord] = []
            for _ in 0..<count { records.append(try DNSRecord(from: &reader)) }
            return records
        }
        answers = try records(answerCount)
        authorities = try records(authorityCount)
        for record in try records(additionalCount) {
            guard record.type == .opt else {
                additionals.append(record)
                continue
            }
            guard edns == nil else { throw DNSMessageError("EDNS is there twice") }
            var found = Extension(payload: record.classNumber)
            found.version = UInt8(record.timeToLive >> 16 & 255)
            found.wantsSignatures = record.timeToLive & 0x8000 != 0
            high = UInt16(record.timeToLive >> 24) << 4
            edns = found
        }
        code = DNSCode(high | second & 15)
    }

    /// The message in at most `limit` bytes; what does not fit is left out and the message says that it is truncated.
    package func encoded(limit: Int = Int(UInt16.max)) -> [UInt8] {
        var writer = DNSWriter()
        writer.write(id)
        writer.write(flags | code.number & 15)
        for _ in 0..<4 { writer.write(UInt16(0)) }
        writer.write(question.name)
        writer.write(question.type.number)
        writer.write(question.classNumber)
        writer.patch(1, at: 4)
        let room = limit - (edns == nil ? 0 : 11)
        var isCut = false
        for (place, records) in [(6, answers), (8, authorities), (10, additionals)] {
            var count: UInt16 = 0
            for record in records {
                let before = writer.bytes.count
                record.write(to: &writer)
                guard writer.bytes.count <= room else {
                    writer.cut(to: before)
                    // Additional records are a courtesy.
                    if place != 10 { isCut = true }
                    break
                }
                count += 1
            }
            writer.patch(count, at: place)
            if isCut { break }
        }
        if isCut { writer.patch(flags | Self.truncated | code.number & 15, at: 2) }
        if let edns { write(edns, to: &writer) }
        return writer.bytes
    }

    private func write(_ edns: Extension, to writer: inout DNSWriter) {
        writer.write(DNSName.root)
        writer.write(DNSType.opt.number)
        writer.write(edns.payload)
        writer.write(UInt32(code.number >> 4 & 255) << 24 | UInt32(edns.version) << 16 | (edns.wantsSignatures ? 0x8000 : 0))
        writer.write(UInt16(0))
        let count = UInt16(writer.bytes[10]) << 8 | UInt16(writer.bytes[11])
        writer.patch(count + 1, at: 10)
    }

    /// The answer to bytes that are no question we can read: what is wrong, with their number; nil where nobody waits for one.
    static func refusal(of bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= 12, bytes[2] & 0x80 == 0 else { return nil }
        return [bytes[0], bytes[1], 0x80 | bytes[2] & 0x79, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]
    }
}

package import JSONCore
package import LinuxKernel

/// A name that cluster DNS was asked for, and what became of it.
package struct NameQuestion: Sendable, Hashable {
    /// When it was asked.
    package var time: Timestamp
    /// Who asked: a pod as NAMESPACE/NAME, what else is known, or an address.
    package var client: String
    /// The name.
    package var name: String
    /// `A`, `AAAA`, `SRV`, …
    package var type: String
    /// `NOERROR`, `NXDOMAIN`, `SERVFAIL`, …
    package var code: String
    /// The data of the answers; empty when the name has nothing of that type.
    package var answers: [String]
    /// From the question to the answer.
    package var microseconds: Int64
    /// Who knew: `cluster`, `forwarded` or `cache`.
    package var source: String

    /// A question.
    package init(
        time: Timestamp, client: String, name: String, type: String, code: String, answers: [String], microseconds: Int64, source: String
    ) {
        self.time = time
        self.client = client
        self.name = name
        self.type = type
        self.code = code
        self.answers = answers
        self.microseconds = microseconds
        self.source = source
    }

    /// As JSON.
    package var value: JSONValue {
        [
            "time": .string(time.rfc3339Micro), "client": .string(client), "name": .string(name), "type": .string(type), "code": .string(code),
            "answers": .array(answers.map { .string($0) }), "microseconds": .integer(microseconds), "source": .string(source),
        ]
    }

    /// Reads what ``value`` wrote; nil for anything else.
    package init?(_ value: JSONValue) {
        guard let time = value["time"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }), let name = value["name"]?.stringValue else { return nil }
        self.init(
            time: time, client: value["client"]?.stringValue ?? "", name: name, type: value["type"]?.stringValue ?? "",
            code: value["code"]?.stringValue ?? "", answers: (value["answers"]?.arrayValue ?? []).compactMap(\.stringValue),
            microseconds: value["microseconds"]?.integerValue ?? 0, source: value["source"]?.stringValue ?? "")
    }
}

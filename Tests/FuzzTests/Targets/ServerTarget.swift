import JSONCore

@testable import APIServer

extension FuzzTarget {
    static let server = FuzzTarget(
        "server",
        tokens: httpTokens + [
            "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/pods", "/apis/apps/v1/namespaces/default/deployments",
            "/api/v1/namespaces/default/",
            "/apis", "/openapi/v3", "/version", "/metrics", "/status", "/scale", "?watch=true", "&limit=1", "&continue=", "&labelSelector=a",
            "&fieldSelector=a%3Db",
            "&resourceVersion=0", "&fieldManager=f&force=true", "&dryRun=All", "&fieldValidation=Strict", "PATCH", "DELETE", "Accept: application/yaml\r\n",
            "Content-Type: application/apply-patch+yaml\r\n", "Content-Type: application/json-patch+json\r\n", "Content-Type: application/merge-patch+json\r\n",
            "Content-Type: application/strategic-merge-patch+json\r\n", "Content-Type: application/vnd.kubernetes.protobuf\r\n",
            "Accept: application/json;as=Table;v=v1;g=meta.k8s.io\r\n", "Impersonate-User: a\r\n", "Upgrade: websocket\r\n", "Upgrade: SPDY/3.1\r\n",
            "Authorization: Bearer a.b.c\r\n", "{\"metadata\":{\"name\":\"a\"}}",
            "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"propagationPolicy\":\"Orphan\"}",
        ], nesting: [("A: b\r\n", "")], largest: 16 << 10, memory: 1 << 30, reshape: ServerRules.reshape
    ) {
        let rules = ServerRules(server: try await ListeningServer.start())
        return { input, seen in try rules.check(input, &seen) }
    }
}

/// What holds for whole requests to a server that really listens, from somebody who may do everything.
private struct ServerRules: Sendable {
    let server: ListeningServer

    func check(_ input: [UInt8], _ seen: inout Observation) throws {
        guard !input.isEmpty else { return }
        let asked = try HTTPRules.Reading(input, pieces: input.count)
        let isRefused = asked.failure != nil
        let complete = asked.requests.count - (asked.isComplete ? 0 : 1)
        let expected = ServerAnswers(methods: asked.requests.map(\.head.method), count: complete + (isRefused ? 1 : 0))
        let answers = try server.exchange(input, expected)
        seen.note("answers", answers.list.count)
        for answer in answers.list {
            seen.note("status", 0)
            seen.note("\(answer.status) \(answer.header("content-type") ?? "")")
            try Violation.unless((100...599).contains(answer.status), "an answer has a status", "\(answer.status)")
            try check(answer, &seen)
        }
        guard answers.list.isEmpty else { return }
        try server.goesOn()
    }

    private func check(_ answer: ServerAnswers.Answer, _ seen: inout Observation) throws {
        guard answer.isWhole, !answer.body.isEmpty, answer.header("content-type")?.hasPrefix("application/json") == true else { return }
        // A watch sends one document after the other.
        for line in answer.header("transfer-encoding") == nil ? [answer.body[...]] : answer.body.split(separator: 10) {
            let value: JSONValue
            do throws(JSONError) { value = try JSON.parse(line) } catch {
                throw Violation(rule: "what an answer calls JSON is JSON", detail: "\(error): \(String(decoding: line, as: UTF8.self))")
            }
            seen.note("kind \(value["kind"]?.stringValue ?? "") \(value["reason"]?.stringValue ?? "")")
            let isBroken = value["reason"]?.stringValue == "InternalError"
            try Violation.unless(!isBroken, "no request makes an internal error", "\(value)")
            if let message = value["message"]?.stringValue, answer.status >= 400 { seen.note(message: message) }
        }
    }

    /// Changes the last request's body and keeps its length true, so that it is not taken for the next request.
    static func reshape(_ input: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        let end = Array("\r\n\r\n".utf8)
        guard let split = input.indices.last(where: { input[$0...].starts(with: end) }) else { return input }
        var body = Array(input[(split + 4)...])
        if random.once(in: 3) { body.insert(contentsOf: random.pick(FuzzTarget.jsonTokens).utf8, at: random.below(body.count + 1)) }
        Mutator.scramble(&body, &random)
        var lines = String(decoding: input[..<split], as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        lines.removeAll { $0.lowercased().hasPrefix("content-length:") }
        lines.append("Content-Length: \(body.count)")
        return Array(lines.joined(separator: "\r\n").utf8) + end + body
    }
}

import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
import LinuxKernel

/// The cluster line by line, for screen readers, braille and dumb terminals: a line is a command, every answer is whole lines.
package actor PlainSession {
    let client: KubeClient
    let context: String
    let server: String
    let input: PlainInput
    let say: @Sendable (String) -> Void
    var namespace: String?

    /// A session. `server` is said before a context is unlocked: where it is, and as whom it is reached.
    package init(
        client: KubeClient, context: String, server: String, namespace: String?, input: PlainInput, say: @escaping @Sendable (String) -> Void
    ) {
        self.client = client
        self.context = context
        self.server = server
        self.namespace = namespace
        self.input = input
        self.say = say
    }

    /// Answers lines until `quit` or the end of the input.
    package func run() async {
        say("kdash, context \(PlainText.safe(context)), \(access), \(place). Type help for the commands.")
        while let line = await input.next() {
            let words = PluginCommand.words(line)
            guard let verb = words.first?.lowercased() else { continue }
            if ["quit", "q", "exit"].contains(verb) { return }
            do throws(APIStatus) {
                try await answer(verb, Array(words.dropFirst()))
            } catch {
                say("error: \(PlainText.safe(error.message))")
            }
        }
    }

    /// WRITABLE, PROTECTED or READ-ONLY, with what is left of an unlock.
    private var access: String {
        let left = client.gate.remaining.map { " for \(max(1, $0.components.seconds / 60)) minutes" } ?? ""
        return client.gate.label.lowercased() + left
    }

    private var place: String { namespace.map { "namespace \(PlainText.safe($0))" } ?? "all namespaces" }

    private static let help = [
        "list KIND [TEXT]: every object of a kind, or those whose line has the text. The kind is as for kubectl: pods, deploy, svc, crontabs.",
        "describe KIND NAME: what an object is and what happened to it.", "why [KIND] NAME: why an object is as it is, a pod where no kind is named.",
        "logs POD [CONTAINER] [-p] [-f] [--tail N]: its log, the last 100 lines; -p of the instance before, -f goes on until you press Enter.",
        "yaml KIND NAME: the object as YAML.", "apply FILE: create or change what a file holds, after a rehearsal and a question.",
        "delete KIND NAME: delete an object, after its name is typed again.", "use NAMESPACE: work in a namespace; use all for all of them.",
        "where: context, namespace and what may be changed.", "unlock: let changes pass for 15 minutes in a context that kdash did not create; lock ends that.",
        "quit: end. The cluster goes on.",
    ]

    private func answer(_ verb: String, _ words: [String]) async throws(APIStatus) {
        // The answer to a question that did not come, since something went wrong before it.
        if ["y", "yes", "n", "no"].contains(verb), words.isEmpty { return say("nothing was asked") }
        switch verb {
        case "help", "h", "?": for line in Self.help { say(line) }
        case "where": say("context \(PlainText.safe(context)), \(place), \(access)")
        case "unlock": await unlock()
        case "lock":
            client.gate.lock()
            say("context \(PlainText.safe(context)) is \(access)")
        case "use", "ns": try await use(words)
        case "list", "ls", "get": try await list(words)
        case "describe", "d": try await describe(words)
        case "why", "w": try await why(words)
        case "logs", "log", "l": try await logs(words)
        case "yaml", "y": try await yaml(words)
        case "apply": try await apply(words)
        case "delete": try await delete(words)
        default:
            let verbs = Self.help.compactMap { $0.split(whereSeparator: { " :".contains($0) }).first.map(String.init) }
            say("there is no command \(PlainText.safe(String(verb.prefix(40))))\(NearestName.question(verb, in: verbs)); help lists all")
        }
    }

    private func use(_ words: [String]) async throws(APIStatus) {
        guard let name = words.first else { return say("use which namespace? use all for all of them") }
        if name != "all" { _ = try await client.get(Namespace.resource, namespace: nil, name: name) }
        namespace = name == "all" ? nil : name
        say("\(place) from now on")
    }

    // MARK: - Reading

    /// Said at once; more is narrowed down with a text.
    private static let maximumRows = 500
    private static let maximumFacts = 2000

    private func list(_ words: [String]) async throws(APIStatus) {
        guard let word = words.first else { return say("list which kind? for example: list pods") }
        let kind = try await self.kind(word)
        let scope = kind.isNamespaced ? namespace : nil
        let table = try await client.listTable(kind.resource, namespace: scope)
        let text = words.dropFirst().joined(separator: " ").lowercased()
        let all = PlainText.rows(table, showsNamespace: kind.isNamespaced && scope == nil)
        let rows = text.isEmpty ? all : all.filter { $0.lowercased().contains(text) }
        say("\(rows.count) \(kind.resource.resource)\(text.isEmpty ? "" : " with \(PlainText.safe(text))")\(kind.isNamespaced ? " in \(place)" : "")")
        for row in rows.prefix(Self.maximumRows) { say(row) }
        if rows.count > Self.maximumRows { say("and \(rows.count - Self.maximumRows) more: add a text to narrow them down") }
    }

    /// Finds a kind by plural, singular, short name or kind. Throws which there is none of.
    func kind(_ word: String) async throws(APIStatus) -> ServedKind {
        let kinds = try await client.servedKinds()
        guard let kind = kinds.first(where: { $0.answers(to: word) }) else {
            throw APIStatus.badRequest("the server has no kind \(word.prefix(60))\(NearestName.question(word, in: kinds.map(\.resource.resource)))")
        }
        return kind
    }

    /// The object that `KIND NAME` or `KIND/NAME` names.
    func object(_ words: [String], _ verb: String) async throws(APIStatus) -> (kind: ServedKind, object: KubeObject) {
        let parts = words.count == 1 ? words[0].split(separator: "/", maxSplits: 1).map(String.init) : words
        guard parts.count == 2 else { throw APIStatus.badRequest("\(verb) what? for example: \(verb) pod web-1") }
        let kind = try await self.kind(parts[0])
        guard kind.isNamespaced else { return (kind, try await client.get(kind.resource, namespace: nil, name: parts[1])) }
        let names = parts[1].split(separator: "/").map(String.init)
        if names.count == 2 { return (kind, try await client.get(kind.resource, namespace: names[0], name: names[1])) }
        if let namespace { return (kind, try await client.get(kind.resource, namespace: namespace, name: parts[1])) }
        let found = try await client.list(
            kind.resource, namespace: nil, ListOptions(fields: FieldSelector(requirements: [.init(field: "metadata.name", value: parts[1])]))
        ).items
        guard let first = found.first else { throw APIStatus.notFound(kind.resource.groupResource, parts[1]) }
        guard found.count == 1 else {
            throw APIStatus.badRequest("\(parts[1]) is in \(found.compactMap(\.namespace).joined(separator: ", ")): write NAMESPACE/\(parts[1])")
        }
        return (kind, first)
    }

    private func events(_ object: KubeObject) async throws(APIStatus) -> [Event] {
        let options = ListOptions(fields: FieldSelector(requirements: [.init(field: "involvedObject.uid", value: object.uid)]))
        return try await client.list(Event.resource, namespace: object.namespace ?? "default", options).items.map { Event($0) }
    }

    private func describe(_ words: [String]) async throws(APIStatus) {
        let (kind, object) = try await object(words, "describe")
        let events = try await events(object)
        if kind.resource == Pod.resource { return say(PodDescription.lines(Pod(object), events: events, now: SystemTimeSource().now())) }
        say("\(kind.kind) \(PlainText.safe(object.name))")
        let facts = PlainText.facts(Self.withoutSecrets(object.value), limit: Self.maximumFacts)
        for line in facts { say(line) }
        if facts.count == Self.maximumFacts { say("the rest is left out: yaml shows all") }
        say("\(events.count) events")
        for event in events { say(PlainText.safe("\(event.type) \(event.reason): \(event.message)")) }
    }

    /// A Secret's values are heard by everybody in the room.
    private static func withoutSecrets(_ value: JSONValue) -> JSONValue {
        guard value["kind"]?.stringValue == "Secret" else { return value }
        var value = value
        for member in value["data"]?.objectValue ?? [:] { value["data", member.key] = "hidden; yaml shows it" }
        value["metadata", "annotations"] = nil
        return value
    }

    private func why(_ words: [String]) async throws(APIStatus) {
        guard let first = words.first else { return say("why what? for example: why deploy web") }
        // One word is a pod, unless it begins with a kind.
        var isPod = words.count == 1
        if isPod, let word = first.split(separator: "/").first.map(String.init), word != first {
            isPod = try await !client.servedKinds().contains { $0.answers(to: word) }
        }
        let (kind, object) = try await object(isPod ? ["pods", first] : words, "why")
        let time = SystemTimeSource()
        let gatherer = WhyGatherer(
            client: client, resource: kind.resource, namespace: object.namespace, name: object.name, everyPod: EveryPod(client, time: time),
            writes: { _ in [] }, time: time)
        say(WhyReport.lines(try await gatherer.gather()))
    }

    private func say(_ lines: [[TextSpan]]) {
        for line in lines {
            let words = line.map(\.text).joined().split(separator: " ", omittingEmptySubsequences: true)
            if !words.isEmpty { say(PlainText.safe(words.joined(separator: " "))) }
        }
    }

    private func yaml(_ words: [String]) async throws(APIStatus) {
        var (_, object) = try await object(words, "yaml")
        object.value["metadata", "managedFields"] = nil
        for line in YAML.encode(object.value).split(separator: "\n") { say(PlainText.safe(String(line))) }
    }
}

internal import LinuxKernel

/// What the cluster's names say to a question.
struct DNSZoneAnswer: Sendable, Hashable {
    var code = DNSCode.noError
    var answers: [DNSRecord] = []
    var additionals: [DNSRecord] = []
    /// Where negative answers say how long they hold.
    var authorities: [DNSRecord] = []
    /// A name of somebody else's that the answers lead to, whose records are to follow.
    var continuation: DNSName?
}

extension DNSZone {
    /// The answer to a question; nil when it is about names of somebody else's.
    func answer(_ question: DNSQuestion) -> DNSZoneAnswer? {
        let name = question.name.lowercased
        if let labels = name.labels(before: apex) { return forward(question, labels) }
        guard let address = name.reverseAddress else { return nil }
        let names = read { ($0.reverse[address] ?? [:]).keys.sorted() }
        guard !names.isEmpty || ranges.contains(where: { $0.contains(address) }) else { return nil }
        guard !names.isEmpty else { return negative(.nameError, .reverseApex) }
        guard question.type == .ptr || question.type == .any else { return negative(.noError, .reverseApex) }
        return DNSZoneAnswer(answers: names.compactMap { own($0) }.map { record(question.name, .ptr, .name($0)) })
    }

    private func forward(_ question: DNSQuestion, _ labels: [String]) -> DNSZoneAnswer {
        var (name, labels, chain) = (question.name, labels, [DNSRecord]())
        for _ in 0..<Self.aliasLimit {
            switch find(labels, question.type) {
            case .nothing: return negative(.nameError, apex, after: chain)
            case .empty: return negative(.noError, apex, after: chain)
            case .records(let contents, let more):
                guard !contents.isEmpty else { return negative(.noError, apex, after: chain) }
                return DNSZoneAnswer(answers: chain + contents.map { record(name, $0.type, $0.content) }, additionals: more)
            case .alias(let target):
                chain.append(record(name, .cname, .name(target)))
                if question.type == .cname { return DNSZoneAnswer(answers: chain) }
                guard let inner = target.lowercased.labels(before: apex) else { return DNSZoneAnswer(answers: chain, continuation: target) }
                (name, labels) = (target, inner)
            }
        }
        return DNSZoneAnswer(code: .serverFailure)
    }

    private enum Finding {
        /// There is no such name.
        case nothing
        /// There is, with nothing of the wanted type.
        case empty
        case records([(type: DNSType, content: DNSRecord.Content)], additionals: [DNSRecord])
        case alias(DNSName)
    }

    private func find(_ labels: [String], _ type: DNSType) -> Finding {
        switch (labels.count, labels.last) {
        case (0, _): return atApex(type)
        case (1, "svc"), (1, "pod"), (1, "dns"): return .empty
        case (1, "dns-version"): return only(type, .txt, [.opaque([5] + Array("1.1.0".utf8))])
        case (2, "dns") where labels[0] == "ns": return only(type, .a, [.address(server)])
        case (2, "svc"), (2, "pod"): return hasNamespace(labels[0]) ? .empty : .nothing
        case (3, "pod"):
            guard hasNamespace(labels[1]), let address = IPv4Address(labels[0].split(separator: "-", omittingEmptySubsequences: false).joined(separator: "."))
            else { return .nothing }
            return only(type, .a, [.address(address)])
        case (3...5, "svc"):
            let (name, namespace) = (labels[labels.count - 3], labels[labels.count - 2])
            guard let service = read({ $0.services[namespace]?[name] }) else { return .nothing }
            return labels.count == 3 ? whole(service, type) : part(service, Array(labels.dropLast(3)), type)
        default: return .nothing
        }
    }

    private func hasNamespace(_ name: String) -> Bool { read { $0.namespaces.contains(name) } }

    private func atApex(_ type: DNSType) -> Finding {
        switch type {
        case .soa, .any: .records([(.soa, start(of: apex).content)], additionals: [])
        case .ns:
            own("ns.dns").map { .records([(.ns, .name($0))], additionals: [record($0, .a, .address(server))]) } ?? .empty
        default: .empty
        }
    }

    private func only(_ wanted: DNSType, _ type: DNSType, _ contents: [DNSRecord.Content]) -> Finding {
        guard !contents.isEmpty else { return .nothing }
        return wanted == type || wanted == .any ? .records(contents.map { (type, $0) }, additionals: []) : .empty
    }

    private func whole(_ service: DNSService, _ type: DNSType) -> Finding {
        switch service.kind {
        // A name that cannot be one leads nowhere.
        case .alias(let target): DNSName(target).map { .alias($0) } ?? .empty
        case .address(let address): type == .srv ? services(service) { _ in true } : only(type, .a, [.address(address)])
        case .headless:
            type == .srv
                ? services(service) { _ in true }
                : only(type, .a, Set(service.endpoints.map(\.address)).shuffled().map { .address($0) })
        }
    }

    /// Below a service: one endpoint, or `_port._protocol`.
    private func part(_ service: DNSService, _ labels: [String], _ type: DNSType) -> Finding {
        if case .alias = service.kind { return .nothing }
        guard labels.count == 2 else {
            // `_tcp` alone is on the way to a port.
            if ["_tcp", "_udp", "_sctp"].contains(labels[0]) { return .empty }
            return only(type, .a, Set(service.endpoints.filter { $0.label == labels[0] }.map(\.address)).shuffled().map { .address($0) })
        }
        guard labels[0].hasPrefix("_"), labels[1].hasPrefix("_") else { return .nothing }
        let (port, transport) = (labels[0].dropFirst(), labels[1].dropFirst())
        let found = services(service) { $0.name == port && $0.transport == transport }
        guard case .records = found else { return .nothing }
        return type == .srv || type == .any ? found : .empty
    }

    /// Where ports are answered: the service itself, or each of its endpoints.
    private func services(_ service: DNSService, _ isWanted: (DNSService.Port) -> Bool) -> Finding {
        let base = "\(service.name).\(service.namespace).svc"
        var targets: [(name: String, address: IPv4Address, port: UInt16)] = []
        switch service.kind {
        case .address(let address): targets = service.ports.filter(isWanted).map { (base, address, $0.number) }
        case .headless:
            for endpoint in service.endpoints.shuffled() {
                targets += endpoint.ports.filter(isWanted).map { ("\(endpoint.label).\(base)", endpoint.address, $0.number) }
            }
        case .alias: break
        }
        guard !targets.isEmpty else { return service.endpoints.isEmpty && service.kind == .headless ? .nothing : .empty }
        let weight = UInt16(clamping: 100 / targets.count)
        var records: [(type: DNSType, content: DNSRecord.Content)] = []
        var more: Set<DNSRecord> = []
        for target in targets {
            guard let name = own(target.name) else { continue }
            records.append((.srv, DNSRecord.service(name, timeToLive: 0, weight: max(1, weight), port: target.port, target: name).content))
            more.insert(record(name, .a, .address(target.address)))
        }
        return .records(records, additionals: Array(more))
    }

    private func own(_ relative: String) -> DNSName? { DNSName("\(relative).\(Self.domain)") }

    private func record(_ name: DNSName, _ type: DNSType, _ content: DNSRecord.Content) -> DNSRecord {
        DNSRecord(name, type, timeToLive: Self.timeToLive, content)
    }

    private func negative(_ code: DNSCode, _ apex: DNSName, after chain: [DNSRecord] = []) -> DNSZoneAnswer {
        DNSZoneAnswer(code: code, answers: chain, authorities: [start(of: apex)])
    }

    /// The SOA record; its last number says how long a negative answer holds.
    private func start(of apex: DNSName) -> DNSRecord {
        var numbers = DNSWriter()
        for number in [1, 7200, 1800, 86400, Self.timeToLive] { numbers.write(number) }
        return record(apex, .soa, .authority(own("ns.dns") ?? apex, own("hostmaster") ?? apex, numbers.bytes))
    }
}

internal import LinuxKernel

extension DNSLoop {
    /// Answers what a client sent, at once or once somebody else has.
    func answer(_ bytes: [UInt8], _ client: DNSWaiter.Client) {
        let query: DNSMessage
        do throws(DNSMessageError) {
            query = try DNSMessage(parsing: bytes)
        } catch {
            return send(DNSMessage.refusal(of: bytes), to: client)
        }
        guard !query.isResponse else { return send(nil, to: client) }
        var waiter = DNSWaiter(client: client, query: query, received: time.monotonic(), time: time.now())
        if let code = Self.refusal(of: query) { return reply(query.answer(code), to: waiter, .cluster) }
        guard let found = configuration.zone.answer(query.question) else { return forward(query.question, waiter) }
        if let continuation = found.continuation {
            waiter.chain = found.answers
            return forward(DNSQuestion(continuation, query.question.type), waiter)
        }
        var answer = query.answer(found.code)
        answer.flags |= DNSMessage.authoritative
        answer.answers = found.answers
        answer.authorities = found.authorities
        answer.additionals = found.additionals
        reply(answer, to: waiter, .cluster)
    }

    /// Why a question is not answered, whatever it is about.
    private static func refusal(of query: DNSMessage) -> DNSCode? {
        if query.operation != 0 { return .notImplemented }
        if let edns = query.edns, edns.version > 0 { return .badVersion }
        let isTransfer = query.question.type == .axfr || query.question.type == .ixfr
        return isTransfer || query.question.classNumber != 1 ? .refused : nil
    }

    private func reply(_ answer: DNSMessage, to waiter: DNSWaiter, _ source: DNSQuery.Source) {
        configuration.log.note(
            DNSQuery(
                time: waiter.time, client: waiter.address, name: waiter.query.question.name.lowercased.description,
                type: waiter.query.question.type.description, isTCP: waiter.isTCP, code: answer.code.description,
                answers: answer.answers.prefix(8).map(\.text), duration: time.monotonic() - waiter.received, source: source))
        send(answer.encoded(limit: waiter.isTCP ? Int(UInt16.max) : waiter.query.datagramLimit), to: waiter.client)
    }

    // MARK: Asking on

    private func forward(_ question: DNSQuestion, _ waiter: DNSWaiter) {
        let (servers, haveChanged) = resolvers.current()
        if haveChanged { cache.removeAll() }
        let random = SecureRandom.bytes(2)
        var query = DNSMessage(id: UInt16(random[0]) << 8 | UInt16(random[1]), asking: question)
        query.flags |= waiter.query.flags & DNSMessage.checkingDisabled
        query.edns = waiter.query.edns.map { asked in
            var own = DNSMessage.Extension(payload: DNSMessage.largestDatagram)
            own.wantsSignatures = asked.wantsSignatures
            return own
        }
        let key = DNSExchange.Key(cache: DNSCache.Key(query), isStream: waiter.isTCP)
        let now = time.monotonic()
        if let known = cache.message(key.cache, now: now) { return deliver(known, to: waiter, .cache) }
        guard !servers.isEmpty, waiting[waiter.address, default: 0] < Self.waitingOfOneClient else { return fail(waiter) }
        if let number = callsByKey[key], let call = calls[number], call.exchange.waiters.count < DNSExchange.waiterLimit {
            call.exchange.waiters.append(waiter)
            waiting[waiter.address, default: 0] += 1
            return
        }
        guard calls.count < Self.callLimit else { return fail(waiter) }
        let number = number()
        let call = DNSCall(DNSExchange(key: key, query: query, waiter: waiter, servers: servers, now: now))
        calls[number] = call
        callsByKey[key] = number
        waiting[waiter.address, default: 0] += 1
        carryOut(call.exchange.begin(now: now), number, call)
    }

    /// Something happened on the socket of a question that was asked on.
    func hear(_ number: Int, _ call: DNSCall) {
        guard calls[number] === call else { return }
        do throws(SystemError) {
            while let bytes = try call.read() {
                let step = call.exchange.received(bytes, now: time.monotonic())
                guard step == .wait else { return carryOut(step, number, call) }
            }
        } catch {
            carryOut(call.exchange.failed(now: time.monotonic()), number, call)
        }
    }

    func carryOut(_ step: DNSExchange.Step, _ number: Int, _ call: DNSCall) {
        var step = step
        while case .ask(let server) = step {
            do throws(SystemError) {
                return try call.ask(server)
            } catch {
                step = call.exchange.failed(now: time.monotonic())
            }
        }
        switch step {
        case .wait, .ask: return
        case .answer(let message):
            end(number, call)
            cache.keep(message, call.exchange.key.cache, now: time.monotonic())
            for waiter in call.exchange.waiters { deliver(message, to: waiter, .forwarded) }
        case .fail:
            end(number, call)
            for waiter in call.exchange.waiters { fail(waiter) }
        }
    }

    private func end(_ number: Int, _ call: DNSCall) {
        calls[number] = nil
        if callsByKey[call.exchange.key] == number { callsByKey[call.exchange.key] = nil }
        for waiter in call.exchange.waiters {
            let left = waiting[waiter.address, default: 1] - 1
            waiting[waiter.address] = left > 0 ? left : nil
        }
    }

    private func deliver(_ message: DNSMessage, to waiter: DNSWaiter, _ source: DNSQuery.Source) {
        var answer = waiter.query.answer(message.code)
        answer.flags |= message.flags & (DNSMessage.truncated | DNSMessage.authenticated)
        answer.answers = waiter.chain + message.answers
        answer.authorities = message.authorities
        answer.additionals = message.additionals
        reply(answer, to: waiter, source)
    }

    private func fail(_ waiter: DNSWaiter) {
        var answer = waiter.query.answer(.serverFailure)
        answer.answers = waiter.chain
        reply(answer, to: waiter, .forwarded)
    }
}

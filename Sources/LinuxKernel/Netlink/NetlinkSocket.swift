internal import CLinux
internal import Glibc
internal import Synchronization

/// A netlink connection to the kernel, bound for life to the network namespace it was opened in.
/// Calls are synchronous (the kernel answers within the send) and may come from any thread.
package final class NetlinkSocket: Sendable {
    /// Which part of the kernel answers.
    package enum Family: Sendable { case route, netfilter }

    private let file: FileDescriptor
    private let sequence = Mutex<UInt32>(1)

    /// Takes ownership of a netlink descriptor, for example one received from the supervisor.
    package init(owning fd: CInt) {
        file = FileDescriptor(fd)
        kd_netlink_prepare(fd)
    }

    /// Opens a connection in `namespace`, by default the caller's own.
    package static func open(_ family: Family, in namespace: NetworkNamespace? = nil) throws(SystemError) -> NetlinkSocket {
        let kind = CInt(family == .route ? 0 : 12)
        let fd = try SystemError.check("socket", "AF_NETLINK, \(family)") {
            withExtendedLifetime(namespace) {
                guard let namespace else { return kd_netlink_socket(kind) }
                return kd_socket_in_namespace(namespace.raw, AF_NETLINK, CInt(SOCK_RAW.rawValue), kind)
            }
        }
        return NetlinkSocket(owning: fd)
    }

    /// The descriptor's number, for passing to another process; owned by this object.
    package var raw: CInt { file.raw }

    /// Sends all requests in one go, each acknowledged by the kernel in order; throws the first refusal that the
    /// request does not tolerate. Requests behind a refused one have been carried out.
    package func send(_ messages: [NetlinkMessage]) throws(SystemError) {
        guard !messages.isEmpty else { return }
        try exchange(
            messages.map { message in
                var message = message
                message.flags |= NetlinkMessage.acknowledge
                return message
            })
    }

    /// Sends nf_tables requests as one transaction: all happen or none.
    package func commit(_ batch: [NetlinkMessage]) throws(SystemError) {
        guard var last = batch.last else { return }
        last.flags |= NetlinkMessage.acknowledge
        var marker = NetlinkPayload()
        marker.header(UInt8(0), UInt8(0), UInt16(10).bigEndian)  // AF_UNSPEC, version 0, NFNL_SUBSYS_NFTABLES
        let begin = NetlinkMessage("NFNL_MSG_BATCH_BEGIN", type: 0x10, payload: marker)
        let end = NetlinkMessage("NFNL_MSG_BATCH_END", type: 0x11, payload: marker)
        try exchange([begin] + batch.dropLast() + [last, end])
    }

    /// Asks for a listing and collects all of it; starts over when it changed meanwhile.
    package func dump(_ message: NetlinkMessage) throws(SystemError) -> [NetlinkReply] {
        try locked { sequence throws(SystemError) in
            for _ in 0..<16 {
                sequence &+= 1
                var message = message
                message.flags |= NetlinkMessage.dump
                try transmit(message.encoded(sequence: sequence))
                if let replies = try collect(message, sequence) { return replies }
            }
            throw SystemError(call: "netlink", errno: EINTR, arguments: message.label, detail: "the listing kept changing")
        }
    }

    private func locked<T>(_ body: (inout UInt32) throws(SystemError) -> T) throws(SystemError) -> T {
        let result: Result<T, SystemError> = sequence.withLock { sequence in
            do throws(SystemError) { return .success(try body(&sequence)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func exchange(_ messages: [NetlinkMessage]) throws(SystemError) {
        try locked { sequence throws(SystemError) in
            let first = sequence &+ 1
            var bytes: [UInt8] = []
            for message in messages {
                sequence &+= 1
                bytes += message.encoded(sequence: sequence)
            }
            try transmit(bytes)
            var waiting = Set(messages.indices.filter { messages[$0].flags & NetlinkMessage.acknowledge != 0 })
            var failure: SystemError?
            while !waiting.isEmpty {
                for reply in try receive() where reply.type == 2 {
                    let index = Int(reply.sequence &- first)
                    guard messages.indices.contains(index) else { continue }
                    waiting.remove(index)
                    let number = -reply.field(Int32.self, at: 0)
                    guard number != 0, !messages[index].tolerated.contains(number) else { continue }
                    failure = failure ?? error(number, messages[index], reply)
                    // Nothing of a transaction is answered when its opening is refused.
                    if messages[index].type == 0x10 { waiting = [] }
                }
            }
            if let failure { throw failure }
        }
    }

    /// nil when the listing changed while it was read.
    private func collect(_ message: NetlinkMessage, _ sequence: UInt32) throws(SystemError) -> [NetlinkReply]? {
        var replies: [NetlinkReply] = []
        var isInterrupted = false
        while true {
            for reply in try receive() where reply.sequence == sequence {
                if reply.flags & 0x10 != 0 { isInterrupted = true }
                switch reply.type {
                case 2:
                    let number = -reply.field(Int32.self, at: 0)
                    if number == EINTR { return nil }
                    throw error(number, message, reply)
                case 3: return isInterrupted ? nil : replies
                default: replies.append(reply)
                }
            }
        }
    }

    private func error(_ number: Int32, _ message: NetlinkMessage, _ reply: NetlinkReply) -> SystemError {
        // NLM_F_CAPPED (0x100) means that only the request's header was echoed before the attributes.
        let echoed = reply.flags & 0x100 != 0 ? 16 : Int(reply.field(UInt32.self, at: 4))
        let detail = reply.flags & 0x200 != 0 ? reply.attributes(after: 4 + echoed).text(1) : nil
        return SystemError(call: "netlink", errno: number, arguments: message.label, detail: detail ?? "")
    }

    private func transmit(_ bytes: [UInt8]) throws(SystemError) {
        let sent = try SystemError.checkRetrying("send", "netlink, \(bytes.count) bytes") {
            Glibc.send(file.raw, bytes, bytes.count, 0)
        }
        guard sent == bytes.count else { throw SystemError(call: "send", errno: EMSGSIZE, arguments: "netlink") }
    }

    private func receive() throws(SystemError) -> [NetlinkReply] {
        var number: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            repeat {
                count = max(0, recv(file.raw, buffer.baseAddress, buffer.count, 0))
                number = count > 0 ? 0 : Glibc.errno
            } while number == EINTR
        }
        if number != 0 { throw SystemError(call: "recv", errno: number, arguments: "netlink") }
        return NetlinkReply.all(in: bytes)
    }
}

import APIMachinery
import KubeClient

/// Carries one shell between its model and the container.
@MainActor struct ShellDriver {
    let model: ShellModel

    /// Runs until the program ends or the task is cancelled.
    func run(_ client: KubeClient, _ request: ExecRequest) async {
        let (input, typed) = AsyncStream.makeStream(of: [UInt8].self)
        model.onInput = { typed.yield($0) }
        let session: any StreamSession
        do throws(APIStatus) {
            session = request.command.isEmpty ? try await client.attach(request) : try await client.exec(request)
        } catch {
            return end(error.message)
        }
        defer { session.cancel() }
        model.state = .open
        model.onResize = { session.resize(columns: $0, rows: $1) }
        async let _: Void = Self.write(input, to: session)
        defer { typed.finish() }
        do throws(APIStatus) {
            // Without a terminal nobody has made line feeds into new lines.
            while let bytes = try await session.output.next() { model.receive(request.tty ? bytes : Self.withReturns(bytes)) }
        } catch {
            return end(error.message)
        }
        let result = await session.result()
        end(Self.text(result))
    }

    private static func withReturns(_ bytes: [UInt8]) -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(bytes.count + 16)
        for byte in bytes {
            if byte == 0x0A { lines.append(0x0D) }
            lines.append(byte)
        }
        return lines
    }

    nonisolated private static func write(_ input: AsyncStream<[UInt8]>, to session: any StreamSession) async {
        for await bytes in input {
            do { try await session.write(bytes) } catch { return }
        }
    }

    private func end(_ text: String) {
        // Another session may have taken its place.
        if !Task.isCancelled { model.state = .ended(text) }
    }

    private static func text(_ result: APIStatus) -> String {
        guard result.isFailure else { return "exit 0" }
        let code = result.details?.causes.first { $0.reason == "ExitCode" }?.message
        switch code {
        case "126", "127": return "there is no shell in this image (exit \(code ?? ""))"
        case let code?: return "exit \(code)"
        case nil: return result.message
        }
    }
}

import ContainerRuntime
import Synchronization

/// Which instance of each container runs now, for readers of logs.
final class RunningAttempts: Sendable {
    private let attempts = Mutex<[String: (attempt: Int, id: String)]>([:])

    func note(_ record: ContainerRecord) {
        if case .running = record.state { noteStart(record.id) }
    }

    func noteStart(_ id: String) {
        guard let parsed = ContainerID(parsing: id) else { return }
        attempts.withLock { $0[parsed.podUID + "." + parsed.nameHash] = (parsed.attempt, id) }
    }

    func noteEnd(_ id: String) {
        guard let parsed = ContainerID(parsing: id) else { return }
        attempts.withLock { attempts in
            let key = parsed.podUID + "." + parsed.nameHash
            if attempts[key]?.attempt == parsed.attempt { attempts[key] = nil }
        }
    }

    func attempt(podUID: String, container: String) -> Int? {
        attempts.withLock { $0[podUID + "." + ContainerID.hash(container)]?.attempt }
    }

    /// The ids of all instances that run, which are thereby noted as ended.
    func endAll() -> [String] {
        attempts.withLock { attempts in
            defer { attempts = [:] }
            return attempts.values.map(\.id)
        }
    }
}

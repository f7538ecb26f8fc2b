import ContainerRuntime
import Synchronization

/// Which instance of each container runs now, for readers of logs.
final class RunningAttempts: Sendable {
    private let attempts = Mutex<[String: Int]>([:])

    func note(_ record: ContainerRecord) {
        if case .running = record.state { noteStart(record.id) }
    }

    func noteStart(_ id: String) {
        guard let parsed = ContainerID(parsing: id) else { return }
        attempts.withLock { $0[parsed.podUID + "." + parsed.nameHash] = parsed.attempt }
    }

    func noteEnd(_ id: String) {
        guard let parsed = ContainerID(parsing: id) else { return }
        attempts.withLock { attempts in
            let key = parsed.podUID + "." + parsed.nameHash
            if attempts[key] == parsed.attempt { attempts[key] = nil }
        }
    }

    func attempt(podUID: String, container: String) -> Int? {
        attempts.withLock { $0[podUID + "." + ContainerID.hash(container)] }
    }
}

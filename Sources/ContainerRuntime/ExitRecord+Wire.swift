internal import CLinux
internal import LinuxKernel

extension Timestamp {
    /// From nanoseconds since 1970.
    init(nanosecondsSince1970 value: Int64) {
        let (seconds, rest) = value.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(seconds: rest < 0 ? seconds - 1 : seconds, nanoseconds: Int32(rest < 0 ? rest + 1_000_000_000 : rest))
    }
}

extension ExitRecord {
    /// From what waitpid(2) said.
    init(waitStatus: Int32, oomKills: UInt64, finishedAt: Timestamp) {
        let signal = waitStatus & 0x7f
        self.init(
            code: signal == 0 ? (waitStatus >> 8) & 0xff : 128 + signal, signal: signal == 0 ? nil : signal,
            isOutOfMemory: oomKills > 0, finishedAt: finishedAt)
    }
}

/// One listed container or exec as the supervisor describes it.
struct WireContainer {
    var id = ""
    var sandboxID = ""
    var state: UInt64 = 0
    var started: Int64 = 0
    var finished: Int64 = 0
    var status: Int32 = 0
    var oomKills: UInt64 = 0

    /// Reads the fields of a KD_CONTAINER record; unknown ones are a newer supervisor's.
    init(_ field: PlanReader.Field) {
        for inner in PlanReader(field.bytes) {
            let number = inner.number ?? 0
            switch kd_tag(rawValue: inner.tag) {
            case KD_ID: id = inner.text ?? ""
            case KD_SANDBOX: sandboxID = inner.text ?? ""
            case KD_FLAGS: state = number
            case KD_STARTED: started = Int64(bitPattern: number)
            case KD_FINISHED: finished = Int64(bitPattern: number)
            case KD_STATUS: status = Int32(truncatingIfNeeded: number)
            case KD_OOM_KILLS: oomKills = number
            default: break
            }
        }
    }

    var startedAt: Timestamp { Timestamp(nanosecondsSince1970: started) }
    var isRunning: Bool { state == UInt64(KD_STATE_RUNNING) }
    var exit: ExitRecord {
        ExitRecord(waitStatus: status, oomKills: oomKills, finishedAt: Timestamp(nanosecondsSince1970: finished))
    }
}

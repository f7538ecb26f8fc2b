package import JSONCore
package import LinuxKernel

/// An instance of a container of which a node keeps the log.
package struct LogInstance: Sendable, Hashable {
    /// How often the container had started again before it.
    package var number: Int
    /// When its last line was written, to the second.
    package var lastWrite: Timestamp
    /// What it takes on the disk.
    package var size: ByteCount
    /// Whether it runs.
    package var isRunning: Bool

    /// An instance.
    package init(number: Int, lastWrite: Timestamp, size: ByteCount, isRunning: Bool) {
        self.number = number
        self.lastWrite = lastWrite
        self.size = size
        self.isRunning = isRunning
    }

    /// As `pods/log` answers with `instances=true`.
    package var value: JSONValue {
        ["number": .integer(Int64(number)), "lastWrite": .string(lastWrite.rfc3339), "bytes": .integer(size.value), "running": .bool(isRunning)]
    }

    /// Reads what ``value`` wrote; nil when it has no number and time.
    package init?(_ value: JSONValue) {
        guard let number = value["number"]?.integerValue.flatMap({ Int(exactly: $0) }), number >= 0,
            let time = value["lastWrite"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(number: number, lastWrite: time, size: ByteCount(value["bytes"]?.integerValue ?? 0), isRunning: value["running"]?.boolValue ?? false)
    }
}

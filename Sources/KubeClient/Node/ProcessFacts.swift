/// What `/proc/PID/stat` and `/proc/PID/status` tell of a process.
package struct ProcessFacts: Sendable, Hashable {
    /// The program's name, as the kernel shortens it.
    package var name: String
    /// `R`, `S`, `D`, `Z`, `T` …
    package var state: String
    /// The parent's number.
    package var parent: Int32
    /// User and system time, in clock ticks.
    package var ticks: Int64
    /// Its threads.
    package var threads: Int64
    /// In ticks since boot.
    package var started: UInt64
    /// Pages that are in RAM.
    package var residentPages: Int64

    /// Reads the one line of `stat`; nil when it is broken. The name stands in the outermost brackets and may hold anything.
    package init?(stat text: String) {
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else { return nil }
        let fields = text[text.index(after: close)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 21, let parent = Int32(fields[1]), let user = Int64(fields[11]), let system = Int64(fields[12]),
            let threads = Int64(fields[17]), let started = UInt64(fields[19]), let resident = Int64(fields[21])
        else { return nil }
        name = String(text[text.index(after: open)..<close])
        state = String(fields[0])
        self.parent = parent
        ticks = user.addingReportingOverflow(system).partialValue
        self.threads = threads
        self.started = started
        residentPages = resident
    }

    /// The numbers of a process in the namespaces that hold it, the innermost last, from `status`.
    package static func numbers(status text: String) -> [Int32] { field("NSpid", text).compactMap { Int32($0) } }

    /// The effective user's number, from `status`.
    package static func user(status text: String) -> UInt32? { field("Uid", text).dropFirst().first.flatMap { UInt32($0) } }

    private static func field(_ name: String, _ text: String) -> [Substring] {
        for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
            return line.dropFirst(name.count + 1).split(whereSeparator: \.isWhitespace)
        }
        return []
    }

    /// The number that a user of the machine has inside, by the lines of `uid_map`: inside, outside, how many.
    package static func inside(_ user: UInt32, map text: String) -> UInt32 {
        for line in text.split(separator: "\n") {
            let numbers = line.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
            guard numbers.count == 3, user >= numbers[1], user - numbers[1] < numbers[2] else { continue }
            return numbers[0].addingReportingOverflow(user - numbers[1]).partialValue
        }
        return user
    }

    /// The names of users by number, from the lines of a passwd file.
    package static func names(passwd text: String) -> [UInt32: String] {
        var names: [UInt32: String] = [:]
        for line in text.split(separator: "\n").prefix(10_000) {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count > 2, let number = UInt32(fields[2]), names[number] == nil else { continue }
            names[number] = String(fields[0].prefix(64))
        }
        return names
    }
}

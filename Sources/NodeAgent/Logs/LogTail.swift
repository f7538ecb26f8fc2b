/// Finds where the last lines of a log begin, from its records in reverse. Pure.
///
/// A line may be several records: parts, then its end; between them may be records of the other stream. Lines are in the order of their ends. One that is still
/// being written has no end and counts. The reader starts where the first of the wanted lines does, and passes over what lies there of lines that are not wanted.
struct LogTail: Sendable, Hashable {
    /// What a record is to a reader.
    enum Role: Sendable, Hashable {
        /// The end of a line of standard error, or of standard output.
        case end(isError: Bool)
        /// What comes before more of the same line.
        case part(isError: Bool)
        /// Nothing that it sees, and no line: of a stream that it does not read, or a note between two files.
        case hidden
    }

    /// Where a record begins.
    struct Place: Sendable, Hashable {
        var segment: Int
        var offset: Int64
    }

    private struct Stream: Sendable, Hashable {
        /// Some record of it was taken.
        var isSeen = false
        /// How many records were taken of lines that are not wanted; those before are not, either.
        var unwanted = 0
        var isSettled: Bool { !isSeen || unwanted > 0 }
    }

    /// Lines still to be found.
    private var wanted: Int
    private var first: Place?
    private var output = Stream()
    private var errors = Stream()
    private var between = LogSkip(isError: false, records: 0)

    init(wanted: Int) { self.wanted = wanted }

    /// Where the wanted lines begin, as far as it is known; nil until there are as many.
    var start: Place? { wanted == 0 ? first : nil }
    /// What the reader passes over from there on.
    var skip: LogSkip { wanted == 0 ? between : LogSkip(isError: false, records: 0) }

    /// Takes the record before those taken so far; true when `start` is final.
    mutating func take(_ role: Role, _ place: Place) -> Bool {
        switch role {
        case .hidden: break
        case .end(let isError): take(isError: isError, isEnd: true, place)
        case .part(let isError): take(isError: isError, isEnd: false, place)
        }
        return wanted == 0 && output.isSettled && errors.isSettled
    }

    private mutating func take(isError: Bool, isEnd: Bool, _ place: Place) {
        var own = isError ? errors : output
        let other = isError ? output : errors
        defer { if isError { errors = own } else { output = own } }
        let isUnfinished = !isEnd && !own.isSeen
        own.isSeen = true
        if own.unwanted > 0 || (isEnd && wanted == 0) {
            own.unwanted += 1
            return
        }
        // A line that is still being written ends after all others: it is wanted whatever was found behind it.
        if isEnd || isUnfinished { wanted = max(0, wanted - 1) }
        first = place
        between = LogSkip(isError: !isError, records: other.unwanted)
    }
}

extension ObjectStore {
    /// What a store keeps and for how long.
    package struct Options: Sendable {
        /// How long every change can be watched and listed from. Default and minimum of the product: 5 minutes.
        package var watchHistory: Duration = .seconds(300)

        /// How long archived versions are kept after they were superseded. Default 7 days.
        package var archiveAge: Duration = .seconds(7 * 86_400)

        /// What superseded archived versions may weigh together; the oldest go first. Default 256 MB.
        package var archiveBytes: Int64 = 256 << 20

        /// How long superseded versions that only a write of the status made are kept. Default 24 hours.
        package var stateAge: Duration = .seconds(86_400)

        /// What they may weigh together; the oldest go first. Default 128 MB.
        package var stateBytes: Int64 = 128 << 20

        /// What the newest events, shared by all watches, may weigh in memory. Default 16 MB.
        package var ringBytes = 16 << 20

        /// What the bytes of current objects may weigh in memory; the rest is read from the disk. Default 32 MB.
        package var residentBytes = 32 << 20

        /// The size of the write-ahead log from which it is copied into the database. Default 16 MB.
        package var checkpointBytes = 16 << 20

        /// How many revisions are reserved at a time for volatile writes. Default 10,000.
        package var reservedRevisions: Int64 = 10_000

        /// Told, from a thread of the store, of failures in work that nobody waits for: copying the write-ahead log, deleting history.
        /// Nothing is lost by them, and the work is tried again after later writes.
        package var onFault: @Sendable (StoreError) -> Void = { _ in }

        package init() {}
    }
}

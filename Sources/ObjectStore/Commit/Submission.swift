/// Writes that happen all or not at all, and whom to tell.
struct Submission: Sendable {
    /// One write, its bytes in their final place.
    struct Write: Sendable {
        let key: ObjectKey
        /// The new state, or of a deletion the final one; nil for a deletion that shows the last stored state.
        let content: Bytes?
        let isDeletion: Bool
        let spliceOffset: Int?
        let precondition: ObjectWrite.Precondition
        let writer: String
        let retention: ObjectWrite.Retention
    }

    let writes: [Write]
    let isVolatile: Bool
    let completion: @Sendable (Result<[StoredObject], StoreError>) -> Void

    init(_ writes: [ObjectWrite], completion: @escaping @Sendable (Result<[StoredObject], StoreError>) -> Void) {
        self.writes = writes.map { write in
            Write(
                key: write.key, content: (write.bytes ?? write.finalBytes).map(Bytes.init), isDeletion: write.bytes == nil,
                spliceOffset: write.spliceOffset, precondition: write.precondition, writer: write.writer, retention: write.retention)
        }
        // All of a group must survive a crash when one of it does.
        isVolatile = writes.allSatisfy { $0.durability == .volatile && $0.bytes != nil }
        self.completion = completion
    }

    /// What the writes weigh in a batch.
    var size: Int { writes.reduce(0) { $0 + ($1.content?.count ?? 0) + 256 } }
}

import APIMachinery

/// Changes that build on what was read.
enum Retry {
    /// Does it again when somebody was faster, at most five times; `body` reads anew each time.
    static func onConflict(_ body: () async throws(APIStatus) -> Void) async throws(APIStatus) {
        for _ in 0..<4 {
            do throws(APIStatus) {
                return try await body()
            } catch {
                guard error.code == 409, error.reason == .conflict else { throw error }
            }
        }
        try await body()
    }
}

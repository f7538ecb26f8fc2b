/// Waits until `condition` holds, letting everything else run. False when it has not for 40 seconds, or the test was cancelled.
package func comesTrue(_ condition: @Sendable () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(40)
    while !condition() {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
        await Task.yield()
    }
    return true
}

/// The same for what has to be asked for. Fails with `what` in words when it does not come true.
package func eventually(_ what: String, isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<6000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw NeverCameTrue(description: "\(what): not within a minute")
}

/// What was waited for in vain.
package struct NeverCameTrue: Error, CustomStringConvertible {
    package let description: String
}

/// Waits until `condition` holds, letting everything else run. False when it has not for 40 seconds, or the test was cancelled.
package func comesTrue(_ condition: @Sendable () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(40)
    while !condition() {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
        await Task.yield()
    }
    return true
}

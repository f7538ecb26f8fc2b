import Testing

@testable import NodeAgent

struct ContainerStopTests {
    private func stop(_ grace: Int = 30, hook: Bool = false, ordered: Bool = true) -> ContainerStop {
        ContainerStop(grace: .seconds(grace), hasHook: hook, isOrdered: ordered, now: .zero)
    }

    @Test func `a container is signalled at once and killed when its grace period is over`() {
        var stop = stop()
        #expect(stop.step(isItsTurn: true, now: .zero) == .signal)
        #expect(stop.step(isItsTurn: true, now: .seconds(29)) == nil)
        #expect(stop.wakeAt == .seconds(30))
        #expect(stop.step(isItsTurn: true, now: .seconds(30)) == .kill)
        #expect(stop.step(isItsTurn: true, now: .seconds(31)) == nil)
        #expect(stop.step(isItsTurn: true, now: .seconds(32)) == .kill)
    }

    @Test(arguments: [0, 1]) func `after the signal there are two seconds, however short the grace period`(grace: Int) {
        var stop = stop(grace)
        #expect(stop.step(isItsTurn: true, now: .zero) == .signal)
        #expect(stop.step(isItsTurn: true, now: .milliseconds(1999)) == nil)
        #expect(stop.step(isItsTurn: true, now: .seconds(2)) == .kill)
    }

    @Test func `the hook runs inside the grace period, then comes the signal`() {
        var stop = stop(10, hook: true)
        #expect(stop.step(isItsTurn: true, now: .zero) == .runHook(timeout: .seconds(10)))
        #expect(stop.step(isItsTurn: true, now: .seconds(3)) == nil)
        stop.hookEnded()
        #expect(stop.step(isItsTurn: true, now: .seconds(4)) == .signal)
        #expect(stop.wakeAt == .seconds(10))
    }

    @Test func `a hook that outlasts the grace period is overtaken by the signal`() {
        var stop = stop(10, hook: true)
        _ = stop.step(isItsTurn: true, now: .zero)
        #expect(stop.step(isItsTurn: true, now: .seconds(10)) == .signal)
        #expect(stop.step(isItsTurn: true, now: .seconds(12)) == .kill)
    }

    @Test func `a container without time has no hook`() {
        var stop = stop(0, hook: true)
        #expect(stop.step(isItsTurn: true, now: .zero) == .signal)
    }

    @Test func `a container waits for its turn, but not beyond the grace period`() {
        var stop = stop(5)
        #expect(stop.step(isItsTurn: false, now: .zero) == nil)
        #expect(stop.step(isItsTurn: false, now: .seconds(5)) == .signal)
        var alone = self.stop(5, ordered: false)
        #expect(alone.step(isItsTurn: false, now: .zero) == .signal)
    }

    @Test func `a shorter grace period counts, a longer one does not`() {
        var stop = stop(30)
        _ = stop.step(isItsTurn: true, now: .zero)
        stop.tighten(grace: .seconds(60), now: .seconds(1))
        #expect(stop.wakeAt == .seconds(30))
        stop.tighten(grace: .seconds(5), now: .seconds(1))
        #expect(stop.wakeAt == .seconds(6))
        stop.tighten(grace: .zero, now: .seconds(2))
        #expect(stop.wakeAt == .seconds(4))
    }
}

import Testing

@testable import SimulatedNodes

struct SimulatedRoomTests {
    @Test func `a node takes as many pods as it says, each once, and those that run already in any case`() throws {
        let (node, other) = (try #require(SimulatedNode(number: 1)), try #require(SimulatedNode(number: 2)))
        var room = SimulatedRoom()
        room.note("old", on: node)
        let fitting = (2...SimulatedNode.podCapacity).map { room.admit("p\($0)", on: node) }
        #expect(fitting.allSatisfy { $0 })
        let more = [room.admit("late", on: node), room.admit("p2", on: node), room.admit("late", on: other)]
        #expect(more == [false, true, true])
        room.note("running", on: node)
        room.free("p2", on: node)
        let beyond = room.admit("late", on: node)
        #expect(!beyond, "one more than fits runs there")
        room.free("p3", on: node)
        let fits = room.admit("late", on: node)
        #expect(fits)
    }
}

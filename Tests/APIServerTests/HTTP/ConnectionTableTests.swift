import Testing

@testable import APIServer

@Suite struct ConnectionTableTests {
    private var table = ConnectionTable<Int, String>(maximum: 5, maximumUnproven: 3)

    private mutating func admit(_ key: Int) -> String {
        switch table.admit(key, "c\(key)") {
        case .admitted(let instead): instead ?? "-"
        case .refused: "refused"
        }
    }

    @Test mutating func `the oldest unproven connection goes for a new one`() {
        #expect((1...5).map { admit($0) } == ["-", "-", "-", "c1", "c2"])
        #expect(table.connections.sorted() == ["c3", "c4", "c5"])
    }

    @Test mutating func `a proven connection stays whatever comes`() {
        _ = admit(1)
        table.prove(1)
        for key in 2...100 { _ = admit(key) }
        #expect(table.connections.sorted() == ["c1", "c100", "c98", "c99"])
        #expect(table.unproven == 3)
    }

    @Test mutating func `a table full of proven connections refuses`() {
        for key in 1...5 {
            _ = admit(key)
            table.prove(key)
        }
        #expect(admit(6) == "refused")
        #expect(table.count == 5)
        table.remove(2)
        #expect(admit(7) == "-")
    }

    @Test mutating func `a full table lets its unproven connections go first`() {
        for key in 1...4 {
            _ = admit(key)
            table.prove(key)
        }
        #expect(admit(5) == "-")
        #expect(admit(6) == "c5")
    }

    @Test mutating func `a key that comes back is a new connection`() {
        _ = admit(1)
        table.remove(1)
        _ = admit(2)
        _ = admit(3)
        #expect(admit(1) == "-")
        #expect(admit(4) == "c2")
        table.prove(1)
        table.remove(1)
        #expect(table.unproven == table.count)
        #expect(table.connections.sorted() == ["c3", "c4"])
    }

    @Test mutating func `ending or proving what is not there changes nothing`() {
        table.remove(9)
        table.prove(9)
        _ = admit(1)
        table.prove(1)
        table.prove(1)
        table.remove(1)
        table.remove(1)
        #expect(table.unproven == 0 && table.count == 0)
    }
}

import Testing

@testable import ViewModels

@Suite struct SplitTreeTests {
    @Test func `a split is divided and the neighbour gets its place back`() {
        let one = SplitTree.split(1).dividing(1, .beside, with: 2)
        let two = one.dividing(2, .below, with: 3)
        #expect(two == .divided(.beside, share: 50, .split(1), .divided(.below, share: 50, .split(2), .split(3))))
        #expect(two.splits == [1, 2, 3])
        #expect(two.removing(2) == .divided(.beside, share: 50, .split(1), .split(3)))
        #expect(two.removing(1) == .divided(.below, share: 50, .split(2), .split(3)))
        #expect(SplitTree.split(1).removing(1) == nil)
        #expect(two.removing(9) == two)
    }

    @Test func `a split grows against its nearest neighbour and leaves that something`() {
        let tree = SplitTree.divided(.beside, share: 50, .split(1), .divided(.below, share: 50, .split(2), .split(3)))
        #expect(tree.resizing(1, by: 5) == .divided(.beside, share: 55, .split(1), .divided(.below, share: 50, .split(2), .split(3))))
        #expect(tree.resizing(3, by: 5) == .divided(.beside, share: 50, .split(1), .divided(.below, share: 45, .split(2), .split(3))))
        #expect(tree.resizing(1, by: 500) == .divided(.beside, share: 80, .split(1), .divided(.below, share: 50, .split(2), .split(3))))
        #expect(SplitTree.split(1).resizing(1, by: 5) == .split(1))
    }
}

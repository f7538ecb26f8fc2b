import Testing

@testable import Controllers

@Suite struct JobIndexesTests {
    @Test(arguments: [
        ("", ""), ("1,3-5", "1,3-5"), ("5,1-2,3", "1-3,5"), ("0-9", "0-7"), ("8", ""), ("3-1,x,-2,1-2-3,4", "4"),
        ("0-9223372036854775807", "0-7"), ("2-6,3,1-4", "1-6"),
    ])
    func `a text is read in order, without what makes no sense`(_ text: String, _ expected: String) {
        #expect(JobIndexes(text, below: 8).text == expected)
    }

    @Test func `numbers that touch become one range`() {
        var indexes = JobIndexes()
        for index in [4, 2, 0, 3, 3, 7, 1] as [Int64] { indexes.insert(index) }
        #expect(indexes.text == "0-4,7")
        #expect(indexes.count == 6)
        #expect(indexes.contains(4))
        #expect(!indexes.contains(5))
        #expect(indexes.next(notBefore: 1) == 5)
        #expect(indexes.next(notBefore: 6) == 6)
        #expect(indexes.common(with: JobIndexes("3-9", below: 10)) == 3)
    }
}

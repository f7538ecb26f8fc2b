import Testing

@testable import Controllers

@Suite struct FailureReportsTests {
    @Test func `a flood of failures is said a few times, and later how many were not`() {
        var reports = FailureReports()
        let said = (0..<100).compactMap { _ in reports.report(at: .seconds(5)) }
        #expect(said == Array(repeating: 0, count: FailureReports.most))
        #expect(reports.report(at: .seconds(5) + FailureReports.pause) == 95)
        #expect(reports.report(at: .seconds(5) + FailureReports.pause) == nil)
    }

    @Test func `a failure now and then is always said`() {
        var reports = FailureReports()
        #expect((1...50).allSatisfy { reports.report(at: FailureReports.pause * $0) == 0 })
    }
}

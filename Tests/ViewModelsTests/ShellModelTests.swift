import Testing

@testable import ViewModels

@MainActor @Suite struct ShellModelTests {
    @Test(arguments: [(true, "can be attached to"), (false, "An image without a shell")])
    func `what is advised fits what was tried`(isAttached: Bool, advice: String) {
        let binding = ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "web-1", uid: nil)
        let context = ContextState(name: "kdash", access: .writable, isEmbedded: true)
        #expect(ShellModel(binding: binding, container: "app", context: context, isAttached: isAttached).advice.contains(advice))
    }

    @Test func `what nobody draws is kept up to a bound, the latest of it`() {
        let model = ShellModel(
            binding: ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "a", uid: "u"), container: "app",
            context: ContextState(name: "kdash", access: .writable, isEmbedded: true))
        for number in 0..<40 { model.receive([UInt8](repeating: UInt8(number), count: 100_000)) }
        var drawn: [UInt8] = []
        model.onOutput = { drawn += $0 }
        #expect(drawn.count == 1_000_000 && drawn.first == 30 && drawn.last == 39)
        model.receive([1, 2])
        #expect(drawn.suffix(2) == [1, 2] && drawn.count == 1_000_002)
    }

    @Test func `whoever takes sizes is told the last one, however late it comes`() {
        let model = ShellModel(
            binding: ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "a", uid: "u"), container: "app",
            context: ContextState(name: "kdash", access: .writable, isEmbedded: true))
        model.resize(columns: 80, rows: 23)
        model.resize(columns: 120, rows: 39)
        var told: [[Int]] = []
        model.onResize = { told.append([$0, $1]) }
        #expect(told == [[120, 39]])
        model.resize(columns: 60, rows: 14)
        #expect(told == [[120, 39], [60, 14]])
    }
}

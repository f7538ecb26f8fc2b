import Testing

@testable import ClusterOperations
@testable import TerminalUI
@testable import ViewModels

/// The list of forwards, as it looks.
@MainActor @Suite struct ForwardGoldenTests {
    private static var forwards: [ShownForward] {
        var busy = PortForward.Traffic()
        (busy.open, busy.total, busy.sent, busy.received, busy.pod) = (2, 31, 48_213, 7_340_032, "web-5d9c7b4f6-x2x7k")
        var waiting = PortForward.Traffic()
        (waiting.open, waiting.waiting, waiting.total, waiting.lastError) = (1, 1, 1, "no pod of service default/db is ready")
        return [
            ShownForward(port: 8080, target: "service default/web:80", context: "kdash", traffic: busy),
            ShownForward(port: 5432, target: "service default/db:5432", context: "kdash", traffic: waiting),
            ShownForward(port: 40111, target: "deployment shop/api:9000", context: "kdash", traffic: PortForward.Traffic()),
        ]
    }

    private func model(_ forwards: [ShownForward]) -> DetailModel {
        let model = DetailModel(title: "Forwards", kind: .forwards, binding: nil)
        (model.onOpen, model.onStop) = ({ _ in }, {})
        model.hints = [("detail.open", "copy the link"), ("detail.copy", "copy the address"), ("detail.stop", "stop")]
        model.show(ForwardText.list(forwards))
        return model
    }

    @Test(arguments: [(60, 15), (80, 24), (120, 40), (200, 50)])
    func `forwards are listed at every size`(size: (Int, Int)) {
        let app = FakeCluster.app()
        app.detail = model(Self.forwards)
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "forwards-\(size.0)x\(size.1)")
    }

    @Test func `an empty list says how to begin`() {
        let app = FakeCluster.app()
        app.detail = model([])
        GoldenScreen.check(FakeCluster.screen(app, depth: .mono).render(width: 80, height: 24).surface, "forwards-none-80x24-mono")
    }
}

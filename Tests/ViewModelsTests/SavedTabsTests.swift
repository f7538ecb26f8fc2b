import JSONCore
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct SavedTabsTests {
    private static func place(_ kind: String) -> SavedPlace {
        var place = SavedPlace(["context": "kdash"])!
        (place.kind, place.filter, place.scope, place.uid) = (kind, "web", .only(["a", "b"]), "u1")
        (place.sort, place.hidden, place.focus, place.isZoomed) = (TableSort(column: "age", isDescending: true), ["ip"], .logs, true)
        return place
    }

    private static func read(_ bytes: [UInt8]) throws -> SavedTabs? {
        let path = ScratchFolder.path("tabs") + ".json"
        try FileSystem.writeAtomically(path, bytes, mode: 0o600)
        defer { try? FileSystem.removeFile(path) }  // best effort: a temporary file
        return SavedTabs(path: path)
    }

    @Test func `what was written is read again`() throws {
        var tabs = SavedTabs()
        tabs.tabs = [
            SavedTabs.Tab(root: .place(Self.place("pods"))),
            SavedTabs.Tab(root: .divided(.below, share: 70, .place(Self.place("services")), .place(Self.place("deployments.apps"))), focus: 1),
        ]
        tabs.current = 1
        #expect(try Self.read(tabs.bytes) == tabs)
    }

    @Test(arguments: [
        "", "[]", "{}", "{\"tabs\": 3}", "{\"tabs\": []}", "{\"tabs\": [{\"root\": {}}]}", "{\"tabs\": [{\"root\": {\"context\": \"\"}}]}",
        "{\"tabs\": [{\"root\": {\"divided\": \"sideways\", \"first\": {\"context\": \"a\"}, \"second\": {\"context\": \"a\"}}}]}",
    ])
    func `a file that says nothing is as none`(text: String) throws {
        #expect(try Self.read(Array(text.utf8)) == nil)
    }

    @Test func `numbers and depths that cannot be are put right`() throws {
        var deep = #"{"context": "kdash"}"#
        for _ in 0..<40 { deep = #"{"divided": "below", "share": 9223372036854775807, "first": {"context": "kdash"}, "second": \#(deep)}"# }
        let found = try Self.read(Array(#"{"current": -4, "tabs": [{"focus": 900, "root": \#(deep)}]}"#.utf8))
        #expect(found?.current == 0 && found?.tabs.first?.focus == 0)
        #expect((found?.tabs.first?.root.places.count ?? 0) <= 9)
        guard case .divided(_, let share, _, _)? = found?.tabs.first?.root else {
            Issue.record("no division was read")
            return
        }
        #expect(share == 80)
    }
}
